/** Whether both sides agree by the policy of a run, byte by byte: what exit code 0 has to mean. */
import type { Direction } from '../../../../src/model/index.ts';
import type { Pictures } from './ledger.ts';
import { above, isBelow, isFile, type Picture, type Thing } from './sides.ts';
import type { RunStep } from './steps.ts';

/** What is not as it should be where a run says that both sides agree. */
export function disagreements(
  direction: Direction,
  { policy }: RunStep,
  { local, remote }: Pictures,
  before: Pictures,
): string[] {
  const links = [...local.things, ...remote.things].filter(([, thing]) => isLink(thing)).map(([path]) => path);
  // A link is out of scope, and so is what has its name on the other side.
  const inScope = ([path]: [string, Thing]) => !links.some((link) => path === link || isBelow(path, link));
  const here = new Map([...local.things].filter(inScope));
  const there = new Map([...remote.things].filter(inScope));
  const found: string[] = [];
  const copied = (from: ReadonlyMap<string, Thing>, to: ReadonlyMap<string, Thing>, where: string) => {
    for (const [path, thing] of from) {
      const copy = to.get(path);
      if (copy === thing) continue;
      if (direction === 'sync' && policy.delete === 'none' && copy === undefined) continue;
      // Removed on the other side, and kept for what is in nobody's scope in it.
      if (direction === 'sync' && copy === undefined && thing === null && links.some((link) => isBelow(link, path)))
        continue;
      // What only the destination changed may stay as it is.
      const inTheWay = isFile(copy) || above(path).some((at) => isFile(to.get(at))) || (isFile(thing) && copy === null);
      if (direction !== 'sync' && policy.drift === 'keep' && inTheWay) continue;
      found.push(`${path} is not the same ${where}`);
    }
  };
  const [source, destination] = direction === 'pull' ? [there, here] : [here, there];
  const [first, second] = direction === 'pull' ? ['here', 'on the server'] : ['on the server', 'here'];
  copied(source, destination, first!);
  if (direction === 'sync') copied(destination, source, second!);
  else if (policy.delete === 'all') {
    for (const path of destination.keys()) {
      if (source.has(path)) continue;
      // Kept, and what is in it with it.
      // So is a directory with what is in nobody's scope in it: a link, or a temporary file that somebody moved along.
      if (holdsTemporary(direction === 'pull' ? before.local : before.remote, path)) continue;
      if (links.some((link) => isBelow(link, path))) continue;
      if (policy.drift === 'keep' && above(path).some((at) => isFile(source.get(at)))) continue;
      found.push(`${path} is still ${first}`);
    }
  }
  return found;
}

function isLink(thing: Thing): boolean {
  return typeof thing === 'object' && thing !== null;
}

function holdsTemporary({ temporary }: Picture, path: string): boolean {
  return temporary.some((one) => isBelow(one, path));
}
