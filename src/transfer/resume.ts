/**
 * Where an interrupted transfer may go on: only if the source is still the version it was begun with, the partial copy
 * is no longer than the source, and its last 64 KiB are the source's bytes. Anything else starts again; two versions
 * are never spliced.
 */
import type { Lane, RelPath } from '../model/index.ts';

/** Bytes before the end of a partial copy that are compared with the source. */
export const TAIL = 64 * 1024;

interface Readable {
  readAt(offset: number, length: number): Promise<Uint8Array>;
}

/** Whether the bytes of `ours` that end at `end` are those that the server holds of `theirs` there. */
export async function tailsAgree(
  lane: Lane,
  theirs: RelPath,
  ours: Readable,
  end: number,
  signal: AbortSignal,
): Promise<boolean> {
  const offset = Math.max(0, end - TAIL);
  const here = await ours.readAt(offset, end - offset);
  if (here.length !== end - offset) return false;
  const there = Buffer.alloc(end - offset);
  let filled = 0;
  const sink = {
    write(chunk: Uint8Array) {
      const piece = chunk.subarray(0, there.length - filled);
      there.set(piece, filled);
      filled += piece.length;
    },
  };
  await lane.read(theirs, sink, { offset, length: end - offset, signal });
  return filled === there.length && Buffer.compare(here, there) === 0;
}
