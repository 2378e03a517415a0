/** The SHA-256 of a file's content. */
import { createHash } from 'node:crypto';
import { ChangingError, type LocalSource, printable } from '../model/index.ts';

/**
 * In lower-case hexadecimal. Rejects with a ChangingError if the file is written to meanwhile: the hash would be that of
 * a content it never had.
 */
export async function sha256Of(source: LocalSource): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of source.chunks(0)) hash.update(chunk);
  if (!(await source.unchanged())) {
    throw new ChangingError(`${printable(source.entry.path)} changed while it was read; it is looked at again later`);
  }
  return hash.digest('hex');
}
