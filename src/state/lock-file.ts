/**
 * A file that one process at a time can put under a name, with who it is inside.
 *
 * It is written under a name of its own and then linked to the name, which the system does for exactly one and never
 * for a half-written one. A dead owner's file is replaced only by who holds a second such file, named after that very
 * one: of all who found it dead, one gets that far, and who comes later finds another file there. Should that one die
 * too, its second file is a dead owner's file like any other.
 */
import { randomUUID } from 'node:crypto';
import { link, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Life, lifeOf, type Owner } from './owner.ts';

/** What is in a lock file. `id` is never used twice. */
export interface Held {
  readonly id: string;
  readonly owner: Owner;
}

export type Attempt = { readonly won: true; readonly id: string } | { readonly won: false; readonly by: Held };

// How long others may take to replace a dead owner's file, in ms, and how often that is looked at.
const PATIENCE = 5000;
const PAUSE = 5;
const LEFTOVER_AGE = 3_600_000;

/** Null if nobody put one there. What cannot be understood is held by nobody who can be named: see `unknownOwner`. */
export async function readLockFile(path: string): Promise<Held | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const held = JSON.parse(text) as Held;
    if (typeof held.id === 'string' && typeof held.owner.pid === 'number') return held;
  } catch {}
  return { id: `unknown-${Buffer.from(text).toString('hex').slice(0, 32)}`, owner: unknownOwner };
}

// A file that Ferry did not write, or that a power cut emptied. Nobody can be seen to be behind it.
const unknownOwner: Owner = {
  job: '',
  pid: 0,
  started: null,
  host: 'unknown',
  boot: null,
  space: null,
  since: 'unknown',
};

export function lifeOfHolder({ owner }: Held): Life {
  return owner === unknownOwner ? 'unseen' : lifeOf(owner);
}

/** Puts a file there for `owner`; says who holds it where a living or an unseen process does. */
export async function takeLockFile(path: string, owner: Owner): Promise<Attempt> {
  const id = randomUUID();
  const own = `${path}-${id}.new`;
  await writeDurably(own, JSON.stringify({ id, owner } satisfies Held));
  try {
    const until = Date.now() + PATIENCE;
    for (;;) {
      if (await putInPlace(own, path)) return { won: true, id };
      const held = await readLockFile(path);
      if (held === null) continue; // released meanwhile
      if (lifeOfHolder(held) !== 'dead') return { won: false, by: held };
      const replaced = await withClaim(path, held, owner, () => rename(own, path));
      if (replaced) return { won: true, id };
      if (Date.now() > until) return { won: false, by: held };
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  } finally {
    // Only tidiness, and no reason to hold a lock that nobody would give back: `sweepBeside` finds it.
    await rm(own, { force: true }).catch(() => {});
  }
}

/** Takes one's own file away. Another's, put there after somebody removed ours by hand, stays. */
export async function dropLockFile(path: string, id: string): Promise<void> {
  const held = await readLockFile(path);
  if (held?.id === id) await unlink(path);
}

/** Removes a file that no living owner is behind; false if by now it is another's. */
export async function removeLockFile(path: string, held: Held, remover: Owner): Promise<boolean> {
  return withClaim(path, held, remover, () => unlink(path));
}

// Only the one who holds the claim on `held` touches the file while `held` is in it, so between the look and the act
// nothing changes.
async function withClaim(path: string, held: Held, owner: Owner, act: () => Promise<void>): Promise<boolean> {
  const claim = join(dirname(path), `${basename(path)}-${held.id.replaceAll(/[^\w-]/g, '')}.claim`);
  const attempt = await takeLockFile(claim, owner);
  if (!attempt.won) return false;
  try {
    if ((await readLockFile(path))?.id !== held.id) return false;
    await act();
    return true;
  } finally {
    await dropLockFile(claim, attempt.id);
  }
}

// A power cut must not leave an empty file behind that nobody can be asked about.
async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

// LIMIT: needs a file system with hard links for the state folder, which all but FAT and its kin are.
async function putInPlace(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes what runs that were killed while they took a lock left beside it. The lock must be held. */
export async function sweepBeside(path: string, now: number): Promise<void> {
  const prefix = `${basename(path)}-`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix) || !/\.(?:new|claim)$/.test(name)) continue;
    const leftover = join(dirname(path), name);
    const age =
      now -
      (await stat(leftover).then(
        (s) => s.mtimeMs,
        () => now,
      ));
    if (age > LEFTOVER_AGE) await rm(leftover, { force: true });
  }
}
