// TYPE A (RFC 959, 3.1.1.1): lines end with CRLF on the wire and with LF on the disk. Every LF is sent as CRLF and every
// CRLF received becomes LF, so that what was sent and is received again is the same, byte for byte.

const CR = 0x0d;
const LF = 0x0a;

/** LF to CRLF. */
export function toWire(chunk: Buffer): Buffer {
  let lines = 0;
  for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) lines++;
  if (lines === 0) return chunk;
  const out = Buffer.allocUnsafe(chunk.length + lines);
  let to = 0;
  let from = 0;
  for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, from)) {
    to += chunk.copy(out, to, from, at);
    out[to++] = CR;
    out[to++] = LF;
    from = at + 1;
  }
  chunk.copy(out, to, from);
  return out;
}

/** CRLF to LF, over chunk borders: a CR at the end of a chunk waits for what follows it. */
export class FromWire {
  #heldCarriageReturn = false;

  push(chunk: Buffer): Buffer {
    if (chunk.length === 0) return chunk;
    const out = Buffer.allocUnsafe(chunk.length + 1);
    let to = 0;
    if (this.#heldCarriageReturn && chunk[0] !== LF) out[to++] = CR;
    this.#heldCarriageReturn = chunk[chunk.length - 1] === CR;
    const end = this.#heldCarriageReturn ? chunk.length - 1 : chunk.length;
    let from = 0;
    for (let at = chunk.indexOf('\r\n', 0, 'latin1'); at >= 0; at = chunk.indexOf('\r\n', from, 'latin1')) {
      to += chunk.copy(out, to, from, at);
      from = at + 1;
    }
    to += chunk.copy(out, to, from, end);
    return out.subarray(0, to);
  }

  end(): Buffer {
    return this.#heldCarriageReturn ? Buffer.from([CR]) : Buffer.alloc(0);
  }
}
