/** Puts a memory out of the way without losing it, for a run that learns the present agreement anew. */
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { StateError } from '../model/index.ts';
import { STORE } from './store.ts';

const PARTS = ['format.json', STORE];

/**
 * Renames what is remembered in a job's folder to `<name>.aside-<UTC time>`, with a number where that is taken; resolves with the new names, none where
 * nothing was remembered. The job's lock must be held and its memory closed. Rejects with a StateError.
 */
export async function setMemoryAside(directory: string, now: Date): Promise<readonly string[]> {
  const suffix = await freeSuffix(directory, now.toISOString().replaceAll(/[-:]|\.\d+/g, ''));
  const moved: string[] = [];
  for (const part of PARTS) {
    const aside = join(directory, `${part}.aside-${suffix}`);
    try {
      await rename(join(directory, part), aside);
      moved.push(aside);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw new StateError(`cannot set the remembered state in ${directory} aside: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  return moved;
}

/** Two runs may set one aside within the second. */
async function freeSuffix(directory: string, stamp: string): Promise<string> {
  const names = await readdir(directory).catch(() => []);
  for (let number = 1; ; number++) {
    const suffix = number === 1 ? stamp : `${stamp}-${number}`;
    if (!names.some((name) => name.endsWith(`.aside-${suffix}`))) return suffix;
  }
}
