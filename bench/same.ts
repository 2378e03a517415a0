// Whether a run did its work: the two folders hold the same files of the same sizes. A time that was won by leaving
// files out is not a time.
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface Likeness {
  /** Paths that only one side has, or that differ in size. */
  readonly different: readonly string[];
  /** Files whose times agree to the second. */
  readonly stamped: number;
  readonly files: number;
}

export function likeness(wanted: string, found: string): Likeness {
  const want = filesOf(wanted);
  const have = filesOf(found);
  const different: string[] = [];
  let stamped = 0;
  for (const [path, { size, time }] of want) {
    const other = have.get(path);
    if (other === undefined) different.push(`${path} is missing`);
    else if (other.size !== size) different.push(`${path} has ${other.size} bytes, not ${size}`);
    else if (Math.abs(other.time - time) < 1000) stamped += 1;
  }
  for (const path of have.keys()) if (!want.has(path)) different.push(`${path} is too many`);
  return { different, stamped, files: want.size };
}

function filesOf(folder: string, below = '', found = new Map<string, { size: number; time: number }>()) {
  for (const entry of entriesOf(join(folder, below))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) filesOf(folder, path, found);
    else {
      const { size, mtimeMs } = statSync(join(folder, path));
      found.set(path, { size, time: mtimeMs });
    }
  }
  return found;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
