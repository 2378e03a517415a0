/** Whether both sides agree by the policy of a run, byte by byte: what exit code 0 has to mean. */
import type { Direction, Side } from '../../../../src/model/index.ts';
import { OTHER, type Pictures } from './ledger.ts';
import { above, isBelow, isFile, type Thing } from './sides.ts';
import type { RunStep } from './steps.ts';

const WHERE: Readonly<Record<Side, string>> = { local: 'here', remote: 'on the server' };

/**
 * What is not as it should be where a run says that both sides agree. `astray`: before the run, where there may have been
 * temporary files that no memory holds: another run may be at them, so they keep the directory that they are in.
 */
export function disagreements(
  direction: Direction,
  { policy }: RunStep,
  { local, remote }: Pictures,
  astray: Pictures | null,
): string[] {
  const links = [...local.things, ...remote.things].filter(([, thing]) => isLink(thing)).map(([path]) => path);
  // A link is out of scope, and so is what has its name on the other side.
  const inScope = ([path]: [string, Thing]) => !links.some((link) => path === link || isBelow(path, link));
  const here = new Map([...local.things].filter(inScope));
  const there = new Map([...remote.things].filter(inScope));
  const found: string[] = [];
  /** A directory is kept for what is in nobody's scope in it: a link, or a temporary file. */
  const isKept = (path: string, side: Side) =>
    links.some((link) => isBelow(link, path)) || (astray?.[side].temporary.some((one) => isBelow(one, path)) ?? false);
  const copied = (from: ReadonlyMap<string, Thing>, to: ReadonlyMap<string, Thing>, side: Side) => {
    for (const [path, thing] of from) {
      const copy = to.get(path);
      if (copy === thing) continue;
      if (direction === 'sync' && policy.delete === 'none' && copy === undefined) continue;
      // Removed on the other side.
      if (direction === 'sync' && copy === undefined && thing === null && isKept(path, OTHER[side])) continue;
      // What only the destination changed may stay as it is.
      const inTheWay = isFile(copy) || above(path).some((at) => isFile(to.get(at))) || (isFile(thing) && copy === null);
      if (direction !== 'sync' && policy.drift === 'keep' && inTheWay) continue;
      found.push(`${path} is not the same ${WHERE[side]}`);
    }
  };
  const [source, destination] = direction === 'pull' ? [there, here] : [here, there];
  const written: Side = direction === 'pull' ? 'local' : 'remote';
  copied(source, destination, written);
  if (direction === 'sync') copied(destination, source, OTHER[written]);
  else if (policy.delete === 'all') {
    for (const path of destination.keys()) {
      if (source.has(path) || isKept(path, written)) continue;
      if (policy.drift === 'keep' && above(path).some((at) => isFile(source.get(at)))) continue;
      found.push(`${path} is still ${WHERE[written]}`);
    }
  }
  return found;
}

function isLink(thing: Thing): boolean {
  return typeof thing === 'object' && thing !== null;
}
