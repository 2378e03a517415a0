/**
 * What a one-off change is about to write to, told to the others on this machine. Whoever is alone there may use the
 * temporary names that follow from the source, and so go on where an earlier copy was cut off; two that would write to
 * the same temporary file at once take names of their own instead. It also keeps the swaps that are under way, so that
 * one which is cut off half-way is put right by whoever comes to that server next.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PendingSwap } from '../model/index.ts';
import { lifeOf, type Owner, thisOwner } from './owner.ts';

export interface Claim {
  /** Whether nobody else is known to write at, above or below any of the places. */
  readonly sole: boolean;
  /** Swaps that processes which are dead by now have left half-way. */
  readonly left: readonly PendingSwap[];
  /** Keeps what is under way, on the disk. */
  keep(swaps: readonly PendingSwap[]): Promise<void>;
  /** Gives the places back; swaps that are kept still stay for the next one. Never fails. */
  release(): Promise<void>;
}

interface Told {
  readonly owner: Owner;
  readonly places: readonly string[];
  readonly swaps: readonly PendingSwap[];
}

/**
 * Claims `places`, `/`-separated paths within one `realm`: a server with the folder that paths begin in, or this
 * machine. It is written down before the others are looked at, so of two that come at the same time at least one sees
 * the other. Where nothing can be written nobody knows, which counts as not alone.
 */
export async function claim(base: string, realm: string, places: readonly string[]): Promise<Claim> {
  const folder = join(base, 'claims', createHash('sha256').update(realm).digest('hex').slice(0, 16));
  const file = join(folder, `${randomUUID()}.json`);
  const owner = thisOwner('copy');
  let kept: readonly PendingSwap[] = [];
  const keep = async (swaps: readonly PendingSwap[]) => {
    kept = swaps;
    await write(file, { owner, places, swaps });
  };
  const release = async () => {
    if (kept.length === 0) await rm(file, { force: true }).catch(() => {});
  };
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await keep([]);
    let sole = true;
    const dead: string[] = [];
    const left: PendingSwap[] = [];
    for (const name of await readdir(folder)) {
      const other = join(folder, name);
      if (other === file || !name.endsWith('.json')) continue;
      const told = await read(other);
      if (!told) continue; // given back meanwhile
      if (!isOver(told.owner)) {
        if (told.places.some((theirs) => places.some((ours) => meet(ours, theirs)))) sole = false;
        continue;
      }
      dead.push(other);
      left.push(...(told.swaps ?? []));
    }
    // Ours before theirs are gone: a kill in between leaves them twice, which does no harm.
    if (left.length > 0) await keep(left);
    for (const other of dead) await rm(other, { force: true });
    return { sole, left, keep, release };
  } catch {
    return { sole: false, left: [], keep: async () => {}, release };
  }
}

/** ms after which a claim that cannot be seen from here, as of another container, is taken for a dead one's. */
const LONGEST = 7 * 24 * 3600 * 1000;

function isOver(owner: Owner): boolean {
  const life = lifeOf(owner);
  return life === 'dead' || (life === 'unseen' && Date.now() - Date.parse(owner.since) > LONGEST);
}

async function write(file: string, told: Told): Promise<void> {
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify(told));
    if (told.swaps.length > 0) await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

async function read(file: string): Promise<Told | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Told;
  } catch {
    return undefined;
  }
}

function meet(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}
