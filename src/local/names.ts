/**
 * The names in a folder, told apart into those that can be carried and those that cannot. The system's names are bytes;
 * read as text, a name that is not UTF-8 would come out changed, and would then be looked for under a wrong name.
 */
import fs from 'node:fs';
import { promisify } from 'node:util';
import { type Problem, printable, type RelPath, segmentFault } from '../model/index.ts';
import { readNames } from './calls.ts';

const readNamesAsBytes: (path: string, encoding: 'buffer') => Promise<Buffer[]> = promisify(fs.readdir);

export interface Names {
  readonly names: readonly string[];
  readonly problems: readonly Problem[];
}

/** Shows bytes that are not UTF-8: what is printable ASCII as it is, all else as `\xNN`. */
function escapeBytes(bytes: Buffer): string {
  let shown = '';
  for (const byte of bytes) {
    shown += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return shown;
}

function nameProblem(directory: RelPath, shown: string, fault: string): Problem {
  const message = `the name "${shown}" cannot be carried: ${fault}; rename it, or exclude it`;
  return { path: directory, side: 'local', code: 'name', message };
}

/** Reads the folder that system calls reach by `reach`. */
export async function namesIn(directory: RelPath, reach: string): Promise<Names> {
  const problems: Problem[] = [];
  let names = await readNames(reach);
  // The replacement character may be a name's own, or stand for bytes that are not UTF-8. Only the bytes tell.
  if (process.platform !== 'win32' && names.some((name) => name.includes('\ufffd'))) {
    names = [];
    for (const bytes of await readNamesAsBytes(reach, 'buffer')) {
      const name = bytes.toString('utf8');
      if (Buffer.from(name, 'utf8').equals(bytes)) names.push(name);
      else problems.push(nameProblem(directory, escapeBytes(bytes), 'it is not valid UTF-8'));
    }
  }
  const carried = names.filter((name) => {
    const fault = segmentFault(name);
    if (fault !== undefined) problems.push(nameProblem(directory, printable(name), fault));
    return fault === undefined;
  });
  return { names: carried, problems };
}
