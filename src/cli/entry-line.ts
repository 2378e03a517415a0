/** One entry as a line of JSON. */
import type { Entry } from '../model/index.ts';

export function entryLine({ path, kind, size, mtime, precision, mode }: Entry): string {
  const time = mtime === null ? null : new Date(mtime).toISOString();
  const bits = mode === undefined ? {} : { mode: mode.toString(8).padStart(3, '0') };
  return JSON.stringify({ path, kind, size, mtime: time, precision, ...bits });
}
