/** Which of the paths that something happened to are no longer what was agreed on. */
import type { Entry, RelPath } from '../model/index.ts';
import type { Held } from './pair.ts';

const AT_ONCE = 64;

/**
 * Leaves out what is as both sides agreed: what a run itself wrote here, what was only looked at or had its permissions
 * changed, and what came and went.
 */
export async function newsOf(held: Pick<Held, 'local' | 'memory'>, paths: readonly RelPath[]): Promise<RelPath[]> {
  const news: RelPath[] = [];
  for (let at = 0; at < paths.length; at += AT_ONCE) {
    const some = paths.slice(at, at + AT_ONCE);
    const are = await Promise.all(some.map((path) => isNews(held, path)));
    news.push(...some.filter((_, index) => are[index]));
  }
  return news;
}

async function isNews({ local, memory }: Pick<Held, 'local' | 'memory'>, path: RelPath): Promise<boolean> {
  let entry: Entry | null;
  try {
    entry = await local.look(path);
  } catch {
    return true; // whatever it is, the walk finds out
  }
  // What the server did of it is not known: that it looks as it did before says nothing.
  if (memory.tentatives.has(path)) return true;
  const agreed = await memory.get(path);
  if (!entry) return agreed !== undefined || (await memory.children(path)).length > 0;
  // What is in a directory is not seen by a look at it.
  if (entry.kind !== 'file' || agreed?.kind !== 'file') return true;
  return entry.size !== agreed.local.size || entry.stamps.stat !== agreed.local.stamps.stat;
}
