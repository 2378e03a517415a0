/**
 * The oracle of what may be lost. It knows of every version whether somebody who is not Ferry has replaced or removed it,
 * on either side: only such a version may disappear, unless the policy of the run says that a side gives way.
 */
import type { Direction, Side } from '../../../../src/model/index.ts';
import type { Contents } from './contents.ts';
import type { Past } from './expectation.ts';
import { isFile, type Picture, type Thing } from './sides.ts';
import type { RunStep } from './steps.ts';

export type Pictures = Readonly<Record<Side, Picture>>;

export const OTHER: Readonly<Record<Side, Side>> = { local: 'remote', remote: 'local' };

/** A file that somebody put, or left, at a path of one side. */
interface Copy {
  readonly side: Side;
  readonly path: string;
  readonly content: string;
  /** The command of the run at which it was put there; undefined: before the run. */
  readonly at?: number;
}

const key = (path: string, content: string) => `${path}\0${content}`;

/** Whether a command may mean this path by a name: as it goes over the wire, absolute or from a directory on the way. */
export function isNamed(path: string, name: string): boolean {
  const whole = Buffer.from(`/site/${path}`).toString('latin1');
  return name === whole || whole.endsWith(`/${name}`);
}

export class Ledger {
  private readonly contents: Contents;
  private readonly direction: Direction;
  /** Versions that somebody replaced or removed, by path. */
  private readonly released = new Set<string>();
  /** What both sides held when a run ended well, as long as nothing but edits happened since. */
  private agreed = new Map<string, string>();
  private readonly everAgreed = new Set<string>();
  /** Whether all of that is known for certain to be what is remembered. */
  private clean = false;
  /** Paths that were edited since then. */
  private readonly touched = { local: new Set<string>(), remote: new Set<string>() };
  /** During a run: what must not disappear. */
  private copies: Copy[] = [];
  /** During a run: what was at each path of a side at any time. */
  private seen = { local: new Map<string, Thing[]>(), remote: new Map<string, Thing[]>() };

  constructor(contents: Contents, direction: Direction) {
    this.contents = contents;
    this.direction = direction;
  }

  /** Somebody edited one side; `at` the nth command of a run, where one is under way. */
  edited(side: Side, before: Picture, after: Picture, at?: number): void {
    const left = new Set(after.things.values());
    for (const [path, thing] of before.things) {
      if (after.things.get(path) === thing || thing === null) continue;
      this.touched[side].add(path);
      if (!isFile(thing)) continue;
      this.released.add(key(path, thing));
      // A run may have given it another name meanwhile: it is gone for good where no name is left.
      const isThis = (copy: Copy) =>
        copy.side === side && copy.content === thing && (copy.path === path || !left.has(thing));
      this.copies = this.copies.filter((copy) => !isThis(copy));
    }
    for (const [path, thing] of after.things) {
      this.note(side, path, thing);
      if (before.things.get(path) === thing) continue;
      this.touched[side].add(path);
      if (!isFile(thing)) continue;
      this.released.delete(key(path, thing));
      if (at !== undefined) this.copies.push({ side, path, content: thing, at });
    }
  }

  /** Somebody gave a file another time. */
  retimed(side: Side, path: string): void {
    this.touched[side].add(path);
  }

  /** What the next run can be judged by; undefined where something went wrong since both agreed. */
  get past(): Past | undefined {
    const { agreed, everAgreed, touched } = this;
    return this.clean ? { agreed, everAgreed, touched } : undefined;
  }

  /** Whether both sides ever had a file there, so that it may be remembered. */
  mayRemember(path: string): boolean {
    return this.everAgreed.has(path);
  }

  begin(before: Pictures): void {
    this.copies = [];
    this.seen = { local: new Map(), remote: new Map() };
    for (const side of ['local', 'remote'] as const) {
      for (const [path, thing] of before[side].things) {
        this.note(side, path, thing);
        if (isFile(thing)) this.copies.push({ side, path, content: thing });
      }
    }
  }

  /** What a run cost that it must not have cost. `commands` are those that it sent. */
  end(step: RunStep, after: Pictures, commands: readonly string[]): string[] {
    for (const side of ['local', 'remote'] as const)
      for (const [path, thing] of after[side].things) this.note(side, path, thing);
    const left = new Set<unknown>([
      ...after.local.things.values(),
      ...after.remote.things.values(),
      ...after.remote.own,
    ]);
    const lost: string[] = [];
    for (const copy of this.copies) {
      const { side, path, content } = copy;
      if (after[side].things.get(path) === content || left.has(content)) continue;
      if (this.isRace(copy, commands)) continue;
      const why = this.mayGo(copy, step);
      if (why !== undefined) lost.push(`${this.contents.name(content)} of ${side} ${path}: ${why}`);
    }
    this.clean = false;
    for (const [path, thing] of after.local.things) {
      if (!isFile(thing) || after.remote.things.get(path) !== thing) continue;
      // What both have is not given up by anybody any more.
      this.released.delete(key(path, thing));
      this.everAgreed.add(path);
    }
    return lost;
  }

  /** Both sides agree, as far as a run that ended well says. */
  settled(pictures: Pictures): void {
    this.agreed = new Map();
    for (const [path, thing] of pictures.local.things)
      if (isFile(thing) && pictures.remote.things.get(path) === thing) this.agreed.set(path, thing);
    this.clean = true;
    this.touched.local.clear();
    this.touched.remote.clear();
  }

  /** Nothing is remembered any more. */
  forgotten(): void {
    this.agreed = new Map();
    this.clean = false;
  }

  private note(side: Side, path: string, thing: Thing): void {
    const things = this.seen[side].get(path);
    if (things) things.push(thing);
    else this.seen[side].set(path, [thing]);
  }

  /** Why it must not have gone; undefined where it may. */
  private mayGo({ side, path, content }: Copy, { policy }: RunStep): string | undefined {
    const others = this.seen[OTHER[side]].get(path) ?? [];
    const released = this.released.has(key(path, content));
    if (this.direction === 'sync') {
      if (released) return undefined;
      const { conflict } = policy;
      if (conflict === 'keep-both' || conflict === 'fail') return `nobody gave it up, and conflicts ${conflict}`;
      if (conflict === side) return 'nobody gave it up, and its side wins conflicts';
      return others.some((other) => isFile(other) && other !== content) ? undefined : 'nobody gave it up';
    }
    const source: Side = this.direction === 'push' ? 'local' : 'remote';
    if (side === source) return 'the source is never touched';
    if (others.some((other) => other === null || (isFile(other) && other !== content))) {
      if (policy.drift === 'overwrite' || !this.isDrift(path, source)) return undefined;
      return `only the destination changed, and drift is ${policy.drift}`;
    }
    if (policy.delete === 'none') return 'nothing is to be deleted';
    return policy.delete === 'all' || released ? undefined : 'the baseline could not know it';
  }

  /** Whether the source is just as when both agreed, so that only the destination can have moved. */
  private isDrift(path: string, source: Side): boolean {
    const was = this.agreed.get(path);
    return was !== undefined && !this.touched[source].has(path);
  }

  /**
   * RACE (ARCHITECTURE.md): between the last look at a name and the rename or removal, another writer can slip in. Such
   * an edit is known by its place among the commands.
   */
  private isRace({ side, path, at }: Copy, commands: readonly string[]): boolean {
    if (at === undefined || side === 'local') return false;
    const on = (verbs: RegExp) => (line: string) => {
      const space = line.indexOf(' ');
      return verbs.test(line.slice(0, space)) && isNamed(path, line.slice(space + 1));
    };
    const writes = on(/^(RNTO|RNFR|DELE)$/);
    const looks = on(/^(MLST|SIZE|MDTM)$/);
    // Commands are counted from one, and an edit comes before the command that it is counted by is carried out.
    for (let index = at - 1; index < commands.length; index++) {
      if (looks(commands[index]!)) return false;
      if (writes(commands[index]!)) return true;
    }
    return false;
  }
}
