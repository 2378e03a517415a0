// The control connection's bytes as command lines (RFC 959, 5.3, over RFC 854): split at LF, Telnet's own bytes taken out,
// one character a byte.

/** A command line without its end. */
export interface Line {
  readonly text: string;
  /** It came behind Telnet's interrupt (IAC IP, IAC DM): meant for a transfer that is under way. */
  readonly urgent: boolean;
}

const IAC = 0xff;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const noBytes = Buffer.alloc(0);

// Python's ftplib sends `ABOR` CR LF as urgent data, the last byte of which travels out of band: the LF never comes.
const urgentAbort = /^(ABOR)\r/i;
// With Telnet's interrupt in front.
const longestAbort = 12;

/** Splits what arrives; `push` answers false once a line is longer than `limit` bytes. */
export class LineSplitter {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes of a line that has not ended yet. */
  get pending(): number {
    return this.#length;
  }

  push(chunk: Buffer, take: (line: Line) => void): boolean {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(lineFeed, from);
      const piece = chunk.subarray(from, end < 0 ? chunk.length : end);
      if (this.#length + piece.length > this.#limit) return false;
      if (end < 0) {
        if (piece.length > 0) this.#parts.push(piece);
        this.#length += piece.length;
        this.#takeUrgentAbort(take);
        return true;
      }
      let line = toLine(this.#pendingWith(piece));
      from = end + 1;
      const abort = urgentAbort.exec(line.text);
      if (abort !== null) {
        take({ text: abort[1]!, urgent: true });
        line = { text: line.text.slice(abort[0].length), urgent: false };
      }
      take(line);
    }
  }

  #pendingWith(piece: Buffer): Buffer {
    const whole = this.#parts.length === 0 ? piece : Buffer.concat([...this.#parts, piece]);
    this.#parts = [];
    this.#length = 0;
    return whole;
  }

  // Where its LF comes nevertheless, it is an empty line, and those are passed over.
  #takeUrgentAbort(take: (line: Line) => void): void {
    if (this.#length > longestAbort || this.#parts.at(-1)?.at(-1) !== carriageReturn) return;
    const whole = this.#pendingWith(noBytes);
    const { text } = withoutTelnet(whole);
    const abort = urgentAbort.exec(text);
    if (abort?.[0] === text) {
      take({ text: abort[1]!, urgent: true });
    } else {
      this.#parts = [whole];
      this.#length = whole.length;
    }
  }
}

function toLine(bytes: Buffer): Line {
  const end = bytes.length > 0 && bytes[bytes.length - 1] === 0x0d ? bytes.length - 1 : bytes.length;
  if (bytes.indexOf(IAC) < 0) return { text: bytes.toString('latin1', 0, end), urgent: false };
  return withoutTelnet(bytes.subarray(0, end));
}

// IAC IAC is the byte 255 itself. The byte behind the last IAC of a Synch travels out of band and may be missing, so an IAC
// in front of the verb goes too; elsewhere an IAC that starts no Telnet command is a byte of a name (clients that do not
// know Telnet send it single).
function withoutTelnet(bytes: Buffer): Line {
  const out: number[] = [];
  let urgent = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    const next = bytes[at + 1];
    if (byte !== IAC) {
      out.push(byte);
    } else if (next === IAC) {
      out.push(IAC);
      at++;
    } else if (next !== undefined && next >= 0xfb) {
      at += 2;
    } else if (next !== undefined && next >= 0xf0) {
      urgent ||= next === 0xf4 || next === 0xf2;
      at++;
    } else if (out.length === 0) {
      urgent = true;
    } else {
      out.push(IAC);
    }
  }
  return { text: Buffer.from(out).toString('latin1'), urgent };
}
