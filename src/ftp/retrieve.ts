/** Receives a file by RETR (RFC 959): whole, from an offset on, or a piece of it. */
import type { ByteSink, ReadOptions } from '../model/remote.ts';
import { transfer } from './data-transfer.ts';
import { CrlfToLf } from './line-ends.ts';
import { receiving } from './moving.ts';
import type { Session } from './session.ts';

/** Resolves with the bytes received. `path` is as it goes on the wire. */
export async function retrieve(
  session: Session,
  path: string,
  sink: ByteSink,
  options: ReadOptions = {},
): Promise<number> {
  const { offset = 0, length, onBytes, signal, onReceived, text } = options;
  if (length === 0) return 0;
  if (text) return retrieveText(session, path, sink, options);
  const request = { command: `RETR ${path}`, restart: offset, byInlet: true, signal, onReceived };
  return (await transfer(session, request, receiving(sink, { length, onBytes }))).value;
}

async function retrieveText(
  session: Session,
  path: string,
  sink: ByteSink,
  { onBytes, signal, onReceived }: ReadOptions,
): Promise<number> {
  const lines = new CrlfToLf();
  const converting = { write: (chunk: Uint8Array) => sink.write(lines.convert(chunk)) };
  const request = { command: `RETR ${path}`, text: true, signal };
  const { value } = await transfer(session, request, receiving(converting, { onBytes }));
  await sink.write(lines.end());
  onReceived?.();
  return value;
}
