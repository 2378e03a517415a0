/** Sends a file: STOR (RFC 959), or its continuation by REST and STOR, or APPE. */
import { MismatchError, ReplyError } from '../model/errors.ts';
import type { ByteSource, WriteOptions } from '../model/remote.ts';
import { transfer, transferWithin } from './data-transfer.ts';
import { LfToCrlf } from './line-ends.ts';
import { type Mover, sending } from './moving.ts';
import type { Send } from './pipeline.ts';
import type { Session } from './session.ts';

/** Resolves with the bytes sent, once the server has confirmed the transfer. `path` is as it goes on the wire. */
export async function store(
  session: Session,
  path: string,
  source: ByteSource,
  options: WriteOptions = {},
): Promise<number> {
  const { offset = 0, signal, text } = options;
  if (text) {
    const move = sending({ chunks: () => toNetwork(source) }, options);
    return (await transfer(session, { command: `STOR ${path}`, text, signal }, move)).value;
  }
  const move = sending(source, options);
  if (offset > 0) return session.pipeline.section((send) => resume(session, send, path, offset, move, signal));
  return (await transfer(session, { command: `STOR ${path}`, more: true, signal }, move)).value;
}

async function* toNetwork(source: ByteSource): AsyncGenerator<Uint8Array> {
  const lines = new LfToCrlf();
  for await (const piece of source.chunks(0)) yield lines.convert(piece);
}

/** Goes on at `offset`. REST and STOR first, as it says where; APPE only goes on at the end, so that is looked at. */
async function resume(
  session: Session,
  send: Send,
  path: string,
  offset: number,
  move: Mover<number>,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { knowledge } = session.site;
  if (knowledge.appendBy !== 'APPE') {
    try {
      const request = { command: `STOR ${path}`, restart: offset, signal };
      const { value } = await transferWithin(session, send, request, move);
      knowledge.appendBy = 'REST';
      return value;
    } catch (error) {
      const unable = error instanceof ReplyError && knowledge.appendBy === undefined;
      if (!unable || error.reply === 421 || error.reply === 452 || error.reply === 552) throw error;
    }
    // The marker may still stand.
    await send('REST 0');
  }
  const size = await send(`SIZE ${path}`);
  if (size.code !== 213) throw session.site.refused(`SIZE ${path}`, size);
  if (Number(size.text) !== offset) {
    throw new MismatchError(`the part on the server has ${size.text} bytes and not ${offset}; start again`);
  }
  const { value } = await transferWithin(session, send, { command: `APPE ${path}`, signal }, move);
  knowledge.appendBy = 'APPE';
  return value;
}
