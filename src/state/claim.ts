/**
 * What a one-off copy is about to write to, told to the others on this machine. Whoever is alone there may use the
 * temporary names that follow from the source, and so go on where an earlier copy was cut off; two that would write to
 * the same temporary file at once take names of their own instead.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lifeOf, type Owner, thisOwner } from './owner.ts';

export interface Claim {
  /** Whether nobody else is known to write at, above or below any of the places. */
  readonly sole: boolean;
  /** Never fails: what is left is known for a dead process's. */
  release(): Promise<void>;
}

interface Told {
  readonly owner: Owner;
  readonly places: readonly string[];
}

/**
 * Claims `places`, `/`-separated paths within one `realm`: a server, or this machine. It is written down before the
 * others are looked at, so of two that come at the same time at least one sees the other. Where nothing can be written
 * nobody knows, which counts as not alone.
 */
export async function claim(base: string, realm: string, places: readonly string[]): Promise<Claim> {
  const folder = join(base, 'claims', createHash('sha256').update(realm).digest('hex').slice(0, 16));
  const name = `${randomUUID()}.json`;
  const release = () => rm(join(folder, name), { force: true }).catch(() => {});
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const told: Told = { owner: thisOwner('copy'), places };
    const temporary = join(folder, `${name}.new`);
    await writeFile(temporary, JSON.stringify(told), { mode: 0o600 });
    await rename(temporary, join(folder, name));
    let sole = true;
    for (const other of await readdir(folder)) {
      if (other === name || !other.endsWith('.json')) continue;
      if (!(await stands(join(folder, other), places))) continue;
      sole = false;
    }
    return { sole, release };
  } catch {
    return { sole: false, release };
  }
}

/** Whether another's claim is alive and meets ours. A dead one is taken away. */
async function stands(file: string, places: readonly string[]): Promise<boolean> {
  let told: Told;
  try {
    told = JSON.parse(await readFile(file, 'utf8')) as Told;
  } catch {
    return false; // given back meanwhile
  }
  if (lifeOf(told.owner) === 'dead') {
    await rm(file, { force: true });
    return false;
  }
  return told.places.some((theirs) => places.some((ours) => meet(ours, theirs)));
}

function meet(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}
