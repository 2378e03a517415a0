/** Carries a sequence out with the engine itself, a real folder and a real server, and looks at everything after each step. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { JobSettings } from '../../../../src/config/settings.ts';
import { openLocal } from '../../../../src/local/index.ts';
import { isTemporary, type Side, StateError } from '../../../../src/model/index.ts';
import { memoryInRam } from '../../../../src/state/index.ts';
import type { RunOptions } from '../../../../src/sync/index.ts';
import { openPair } from '../../../../src/sync/pair.ts';
import { remoteOf } from '../../../../src/sync/remote-side.ts';
import { job, serverSettings } from '../../../builders/connect.ts';
import { type Performed, perform } from '../../../builders/perform.ts';
import { type Violation, type Wrong, within } from '../harness.ts';
import type { Walked } from '../sequences.ts';
import { disagreements } from './agreement.ts';
import { Contents } from './contents.ts';
import { mustSucceed, type Past, unexpected } from './expectation.ts';
import { Life } from './interference.ts';
import { isNamed, Ledger, OTHER, type Pictures } from './ledger.ts';
import { MemoryDisk } from './memory-disk.ts';
import { ModelServer } from './model-server.ts';
import { PROFILES, type Profile } from './profiles.ts';
import { above, changes, isBelow, isFile, LocalFolder, type Picture, RemoteFolder, type Thing } from './sides.ts';
import { describeEdit, describeRun, type Lie, type RunStep, type Sequence, type SideEdit } from './steps.ts';

/** In the place of parts of Ferry, to see the bench turn red. */
export type Sabotage = (options: Partial<RunOptions>) => Partial<RunOptions>;

/** ms; a run has nothing to wait for but a retry or two, on a machine that may have other work. */
const PATIENCE = 60_000;
const DAYS = 24 * 3600_000;

const CALM: RunStep = {
  step: 'run',
  policy: {
    delete: 'tracked',
    drift: 'overwrite',
    conflict: 'keep-both',
    compare: 'auto',
    maxDelete: { percent: 100 },
    release: 'direct',
    keepVersions: 0,
    allowEmptySource: true,
  },
  faults: [],
  lie: null,
  meanwhile: [],
  kill: null,
};

export const LIES: Readonly<Record<Lie, MemoryDisk['deceit']>> = {
  'reads half': { readsOnly: 11 },
  'stores half': { writesOnly: 11 },
  'hides every other name': { hides: (_, index) => index % 2 === 0 },
  'hides every name': { hides: () => true },
};

export async function walk(sequence: Sequence, sabotage?: Sabotage): Promise<Walked> {
  const own = mkdtempSync(join(tmpdir(), 'ferry-torture-model-'));
  const walker = await Walker.start(sequence, own, sabotage);
  try {
    await walker.walk();
  } catch (error) {
    walker.wrong('crash', (error as Error).stack ?? String(error));
  } finally {
    await walker.stop();
    rmSync(own, { recursive: true, force: true });
  }
  return walker;
}

class Walker implements Walked {
  readonly violations: Violation[] = [];
  readonly transcript: string[] = [];
  private readonly sequence: Sequence;
  private readonly own: string;
  private readonly sabotage: Sabotage | undefined;
  private readonly profile: Profile;
  private readonly contents = new Contents();
  private readonly ledger: Ledger;
  private readonly disk: MemoryDisk;
  private readonly local: LocalFolder;
  private readonly remote: RemoteFolder;
  private server!: ModelServer;
  /** ms since the epoch; the same on both sides, as no version is told from another by it. */
  private clock: number;
  private memory = memoryInRam();
  private adoptNext = false;
  /** What ended the last run before its end. */
  private failure: unknown;
  /** Whether temporary files may be there that nobody remembers. */
  private astray = false;
  /** Names, as they were sent, of what was stored under its own name since a run ended well. */
  private readonly inPlace = new Set<string>();
  /** Whether the server hid what it has: a link that nobody saw leads wherever it leads. */
  private blind = false;
  /** What was at each path, for reverts. */
  private readonly past = new Map<string, string[]>();

  private constructor(sequence: Sequence, own: string, sabotage: Sabotage | undefined) {
    this.sequence = sequence;
    this.own = own;
    this.sabotage = sabotage;
    this.profile = PROFILES[sequence.profile];
    this.clock = Date.now() - sequence.age;
    this.ledger = new Ledger(this.contents, sequence.direction);
    this.disk = new MemoryDisk(() => this.clock);
    this.local = new LocalFolder(join(own, 'local'));
    this.remote = new RemoteFolder(this.disk, '/site');
    mkdirSync(join(own, 'outside'));
    writeFileSync(join(own, 'outside', 'secret'), 'not yours');
    this.disk.put('/outside', this.disk.directory());
    this.disk.put('/outside/secret', this.disk.file(Buffer.from('not yours')));
  }

  static async start(sequence: Sequence, own: string, sabotage?: Sabotage): Promise<Walker> {
    const walker = new Walker(sequence, own, sabotage);
    walker.server = await ModelServer.start(walker.disk, walker.profile);
    return walker;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  wrong(kind: Wrong, what: string): void {
    this.violations.push({ wrong: kind, what });
    this.say(`  !! ${kind}: ${what}`);
  }

  private say(text: string): void {
    this.transcript.push(text);
  }

  async walk(): Promise<void> {
    const { direction, profile, connections, state, age, steps } = this.sequence;
    this.say(`${direction}, a server of the kind "${profile}", ${connections} connections, state ${state}, age ${age}`);
    for (const step of steps) {
      if (step.step === 'edit') {
        this.say(describeEdit(step.edit));
        this.edit(step.edit);
      } else if (step.step === 'run') await this.run(step);
      else this.harmState(step.step);
      if (this.violations.length > 0) return;
    }
    await this.end();
  }

  /** Without faults both sides come to agree, and then nothing is left to do and nothing left behind. */
  private async end(): Promise<void> {
    for (const side of ['local', 'remote'] as const) this.tidy(side);
    const { direction } = this.sequence;
    const calm: RunStep = direction === 'sync' ? CALM : { ...CALM, policy: { ...CALM.policy, delete: 'all' } };
    let first = await this.run(calm);
    if (first.summary.exitCode === 3 && this.partKinds()) first = await this.run(calm);
    if (this.violations.length > 0) return;
    if (first.summary.exitCode !== 0) {
      this.wrong('unconverged', `without faults: ${explained(first)}`);
      return;
    }
    if (this.astray) {
      this.age();
      // What a temporary file was in can go once that is gone.
      for (let times = 0; times < 2; times++) await this.run(calm);
    }
    const before = this.pictures();
    const second = await this.run(calm);
    if (this.violations.length > 0) return;
    const actions = second.plan?.actions ?? [];
    if (second.summary.exitCode !== 0 || actions.length > 0)
      this.wrong('unconverged', `once more: ${explained(second)}; ${actions.map((a) => `${a.action} ${a.path}`)}`);
    const after = this.pictures();
    for (const side of ['local', 'remote'] as const) {
      const changed = changes(before[side], after[side]);
      if (changed.length > 0) this.wrong('unconverged', `once more changed ${side} ${changed.join(', ')}`);
      if (after[side].temporary.length > 0) this.wrong('orphan', `${side}: ${after[side].temporary.join(', ')}`);
    }
  }

  /** Links stand in the way, and are said each time: somebody takes them away. */
  private tidy(side: Side): void {
    for (const [path, thing] of this[side].picture().things) {
      if (thing === null || isFile(thing)) continue;
      this.say(`${side}: the link ${path} is taken away`);
      this[side].remove(path);
    }
  }

  /**
   * A directory with something new in it and a file that took its name on the other side are left for people to settle:
   * somebody gives the file another name. False where there is none.
   */
  private partKinds(): boolean {
    const pictures = this.pictures();
    let found = false;
    for (const side of ['local', 'remote'] as const) {
      for (const [path, thing] of pictures[side].things) {
        if (!isFile(thing) || pictures[OTHER[side]].things.get(path) !== null) continue;
        this.say(`${side}: ${path} gives way to the directory`);
        const before = this[side].picture();
        this[side].rename(path, `${path} that was a file`);
        this.ledger.edited(side, before, this[side].picture());
        found = true;
      }
    }
    return found;
  }

  /** Temporary files that no run remembers go when they are old. */
  private age(): void {
    this.say('days go by');
    for (const side of ['local', 'remote'] as const)
      for (const path of this[side].picture().temporary) this[side].touch(path, Date.now() - 9 * DAYS);
  }

  private pictures(): Pictures {
    return { local: this.local.picture(), remote: this.remote.picture() };
  }

  /** So far that whatever happens next is told by its time from what happened before. */
  private tick(): void {
    this.clock += Math.max(3 * this.profile.grain, 10);
  }

  private edit(one: SideEdit, at?: number): void {
    const folder = this[one.side];
    const before = folder.picture();
    this.tick();
    this.change(one, before);
    const after = folder.picture();
    this.ledger.edited(one.side, before, after, at);
    // A directory that takes a temporary file along takes it where nobody looks for it.
    if (before.temporary.join() !== after.temporary.join()) this.astray = true;
    for (const [path, thing] of after.things) {
      const past = this.past.get(path) ?? [];
      if (isFile(thing) && past.at(-1) !== thing) this.past.set(path, [...past, thing]);
    }
  }

  private change(one: SideEdit, { things }: Picture): void {
    const folder = this[one.side];
    const { path } = one;
    const there = things.get(path);
    const unseen = one.side === 'remote' && this.profile.sizesOnly;
    switch (one.edit) {
      case 'write':
        this.write(one.side, path, this.contents.make());
        return;
      case 'write big':
        this.write(one.side, path, this.contents.make({ big: true }));
        return;
      case 'same size':
        if (isFile(there) && !unseen) folder.write(path, this.contents.make({ like: there }), this.clock);
        return;
      case 'revert': {
        const old = this.past.get(path)?.find((content) => content !== there && !unseen);
        if (old !== undefined && isFile(there)) folder.write(path, old, this.clock);
        return;
      }
      case 'touch':
        if (!isFile(there)) return;
        folder.touch(path, this.clock);
        this.ledger.retimed(one.side, path);
        return;
      case 'remove':
        if (there !== undefined) folder.remove(path);
        return;
      case 'mkdir':
        if (there === null) return;
        this.clear(one.side, path);
        folder.mkdir(path);
        return;
      case 'link':
        this.clear(one.side, path);
        folder.link(path, one.side === 'local' ? join(this.own, 'outside') : '/outside');
        return;
      case 'rename':
        if (there === undefined || one.to === path || isBelow(one.to, path) || isBelow(path, one.to)) return;
        this.clear(one.side, one.to);
        folder.rename(path, one.to);
        return;
    }
  }

  private write(side: Side, path: string, content: string): void {
    const folder = this[side];
    if (!isFile(folder.at(path))) this.clear(side, path);
    folder.write(path, content, this.clock);
  }

  /** Makes a name free, and the directories above it. */
  private clear(side: Side, path: string): void {
    const folder = this[side];
    for (const at of above(path)) {
      const there = folder.at(at);
      if (there === null) continue;
      if (there !== undefined) folder.remove(at);
      folder.mkdir(at);
    }
    if (folder.at(path) !== undefined) folder.remove(path);
  }

  private harmState(how: 'lose state' | 'garble state'): void {
    const files = this.stateFiles();
    const { state } = this.sequence;
    if (state === 'process' ? this.memory.empty || how === 'garble state' : files.length === 0) return;
    this.say(how);
    this.ledger.forgotten();
    this.astray = true;
    if (state === 'process') this.memory = memoryInRam();
    else if (state === 'remote') {
      for (const path of files) {
        if (how === 'lose state') this.disk.take(path);
        else {
          const node = this.disk.find(path);
          if (node?.kind === 'file') node.bytes = node.bytes.subarray(0, node.bytes.length >> 1);
        }
      }
    } else if (how === 'lose state') rmSync(join(this.own, 'state'), { recursive: true, force: true });
    else for (const path of files) writeFileSync(path, readFileSync(path).fill(0x5a, 8));
    if (how === 'garble state') this.adoptNext = true;
  }

  private stateFiles(): string[] {
    if (this.sequence.state === 'remote') {
      const folder = this.disk.find('/site/.ferry');
      const names = folder?.kind === 'directory' ? [...folder.children.keys()] : [];
      return names.filter((name) => name.startsWith('state-')).map((name) => `/site/.ferry/${name}`);
    }
    const folder = join(this.own, 'state');
    const all = (() => {
      try {
        return readdirSync(folder, { recursive: true, encoding: 'utf8' });
      } catch {
        return [];
      }
    })();
    return all
      .filter((name) => /baseline\/.*\.(log|ldb)$/.test(name))
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).size > 8);
  }

  private async run(step: RunStep): Promise<Performed> {
    this.tick();
    const { direction } = this.sequence;
    const adopt = this.adoptNext;
    if (adopt) this.ledger.forgotten();
    this.say(`${direction}: ${describeRun(step)}${adopt ? '; adopts' : ''}`);
    const before = this.pictures();
    this.ledger.begin(before);
    this.disk.deceit = step.lie === null ? {} : LIES[step.lie];
    if (this.sequence.state === 'remote' && step.lie?.startsWith('hides')) this.ledger.forgotten();
    this.server.begin(step.faults);
    const { kill } = step;
    const dying = (at: 'command' | 'call', count: number) =>
      kill?.at === at && kill.nth === count ? (kill.after ? 'after' : 'before') : undefined;
    const life = new Life(
      this.sequence.state === 'process' ? (...asked) => this.openQuickly(...asked) : openPair,
      (call) => dying('call', call),
      () => this.server.cutOff(),
    );
    let edited = false;
    const refusesNames = step.faults.some(({ on, does }) => on === 'STOR' && does.startsWith('5'));
    this.server.onCommand = (count, line) => {
      for (const { command, edit } of step.meanwhile) {
        // RACE: a link that comes to the server between a listing and what rests on it leads elsewhere.
        const trap = edit.edit === 'link' && edit.side === 'remote';
        if (command !== count || life.over || trap) continue;
        this.say(`  before ${line}: ${describeEdit(edit)}`);
        this.edit(edit, count);
        edited = true;
      }
      if (refusesNames) this.noteInPlace(line);
      if (/^(STOR|APPE|RNTO|DELE|EPSV|QUIT)/.test(line)) this.lookForTorn('remote', this.remote.picture());
      const dies = dying('command', count);
      if (dies === undefined) return undefined;
      this.say(`  dies ${dies} ${line}`);
      if (dies === 'before') {
        life.end();
        return 'close';
      }
      // It is carried out first.
      setImmediate(() => life.end());
      return 'lose the reply';
    };
    const performed = await this.perform(step, life, adopt);
    if (!(await this.server.settled(PATIENCE))) this.wrong('hang', 'a connection was left open when the run had ended');
    this.server.onCommand = () => undefined;
    this.disk.deceit = {};
    if (!performed) throw new Error('the run hangs');
    // One that did not get so far has to be told again, and so has one that was not shown what it was to set aside.
    const adopted = performed.summary.exitCode === 0 || performed.summary.exitCode === 3;
    if (adopted && !(this.failure instanceof StateError)) this.adoptNext = false;
    this.audit(step, performed, { before, edited, killed: life.over });
    return performed;
  }

  private async perform(step: RunStep, life: Life, adopt: boolean): Promise<Performed | undefined> {
    let performed: Performed | undefined;
    this.failure = undefined;
    const onFailure = (error: unknown) => {
      this.failure = error;
    };
    const options = { ...life.options, onFailure, ...(adopt ? { adopt } : {}) };
    const running = perform(this.job(step), join(this.own, 'state'), this.sabotage?.(options) ?? options).then(
      (done) => {
        performed = done;
      },
    );
    await within(PATIENCE, running);
    return performed;
  }

  /** What is remembered outlives the run, and nothing waits for a disk: a kill of the process is all that is tried here. */
  private async openQuickly(...[settings, { missingLocal, wire }, signal]: Parameters<typeof openPair>) {
    const local = await openLocal(settings.local, { durable: false, create: missingLocal === 'make' });
    const remote = remoteOf(settings, wire);
    try {
      await remote.open(signal);
    } catch (error) {
      await remote.close();
      throw error;
    }
    return { local, remote, memory: this.memory, close: () => remote.close() };
  }

  private job({ policy }: RunStep): JobSettings {
    const { direction, connections, state } = this.sequence;
    const access = this.server.access;
    return job(access, join(this.own, 'local'), {
      direction,
      retries: 1,
      server: serverSettings(access, { connections }),
      // The same job whatever port it is.
      remoteUrl: 'ftp://tester@model/site',
      state: state === 'remote' ? 'remote' : 'local',
      ...policy,
      ...(direction === 'push' ? {} : { release: 'direct', keepVersions: 0 }),
    });
  }

  private audit(
    step: RunStep,
    performed: Performed,
    { before, edited, killed }: { readonly before: Pictures; readonly edited: boolean; readonly killed: boolean },
  ): void {
    const after = this.pictures();
    this.say(`  ${killed ? 'killed: ' : ''}${explained(performed)}; ${performed.done.join(', ') || 'nothing done'}`);
    const { exitCode } = performed.summary;
    if (exitCode === 0) this.inPlace.clear();
    for (const side of ['local', 'remote'] as const) this.lookForTorn(side, after[side]);
    const { past } = this.ledger;
    for (const what of this.ledger.end(step, after, this.server.commands)) this.wrong('lost', what);
    if (step.lie?.startsWith('hides')) this.blind = true;
    this.lookOutside();
    // What is remembered, or kept, and cannot be written ends a run so, by design.
    if (exitCode === 1 && !(this.failure instanceof StateError) && !killed) this.wrong('crash', explained(performed));
    if (!edited && performed.plan?.guard.refused) {
      for (const side of ['local', 'remote'] as const) {
        const changed = changes(before[side], after[side]);
        if (changed.length > 0) this.wrong('wrong delete', `the guard refused, and yet ${side} ${changed.join(', ')}`);
      }
    }
    // What is remembered on the server is written when a run ends.
    const unsaved = killed || this.failure instanceof StateError || this.blind;
    if (unsaved && this.sequence.state === 'remote') this.astray = true;
    // What a listing that looks whole leaves out, nobody can know of.
    const hidden = step.lie?.startsWith('hides') ?? false;
    if (!edited) this.lookForTooMany(step, before, after);
    const quiet = step.faults.length === 0 && step.lie === null && !edited && !killed;
    if (quiet && past) this.compare(step, performed, past, before, after);
    if (exitCode !== 0 || edited || killed || hidden) return;
    const found = disagreements(this.sequence.direction, step, after, this.astray ? before : null);
    if (found.length > 0) this.wrong('false success', `exit 0, and yet ${found.join(', ')}`);
    this.ledger.settled(after);
  }

  /** Where nothing disturbed it, a run does what the tables say. */
  private compare(
    step: RunStep,
    { summary, plan, problems }: Performed,
    past: Past,
    before: Pictures,
    after: Pictures,
  ): void {
    const { direction } = this.sequence;
    const refused = plan?.guard.refused ?? false;
    if (summary.exitCode !== 0) {
      if (!refused && mustSucceed(direction, step, before))
        this.wrong('wrong exit', `exit ${summary.exitCode} where nothing stands in the way: ${problems.join('; ')}`);
      return;
    }
    const found = unexpected(direction, step, past, before, after);
    if (found.length > 0) this.wrong('wrong delete', found.join(', '));
  }

  /** What the guard is for, counted once more: files that one run takes from a side. */
  private lookForTooMany({ policy, lie }: RunStep, before: Pictures, after: Pictures): void {
    const { direction } = this.sequence;
    const files = (side: Side) => [...before[side].things].filter(([, thing]) => isFile(thing));
    for (const side of ['local', 'remote'] as const) {
      const left = new Set(after[side].things.values());
      const gone = files(side).filter(
        ([path, thing]) => !isFile(after[side].things.get(path)) && !left.has(thing),
      ).length;
      const most =
        typeof policy.maxDelete === 'object' && 'count' in policy.maxDelete ? policy.maxDelete.count : undefined;
      if (most !== undefined && gone > most)
        this.wrong('wrong delete', `${gone} files of ${side} are gone, at most ${most} may`);
      // One file that is left tells nothing (diff/guard); where names are hidden, more may have passed for one.
      if (lie?.startsWith('hides')) continue;
      // What nobody remembers, in a directory that the source has not, is looked at by a mirror alone.
      const isLookedAt = ([path]: [string, Thing]) =>
        policy.delete === 'all' ||
        this.ledger.mayRemember(path) ||
        above(path).every((at) => before[OTHER[side]].things.get(at) === null);
      const emptied =
        direction !== 'sync' && files(OTHER[side]).length === 0 && files(side).filter(isLookedAt).length > 1;
      if (gone > 0 && emptied && !policy.allowEmptySource)
        this.wrong('wrong delete', `an empty source took ${gone} files of ${side}`);
    }
  }

  /**
   * To a server that refuses temporary names a new file is sent under its own: cut off, it is part of one until a run ends
   * well.
   */
  private noteInPlace(line: string): void {
    const [, name] = /^(?:STOR|APPE) (.*)$/.exec(line) ?? [];
    if (name !== undefined && !isTemporary(basename(name))) this.inPlace.add(name);
  }

  private lookForTorn(side: Side, picture: Picture): void {
    for (const [path, thing] of picture.things)
      if (isFile(thing) && !this.contents.has(thing) && !(side === 'remote' && this.isInPlace(path)))
        this.wrong('torn', `${side} ${path}: ${this.contents.name(thing)}`);
  }

  private isInPlace(path: string): boolean {
    return [...this.inPlace].some((name) => isNamed(path, name));
  }

  private lookOutside(): void {
    const here = readdirSync(join(this.own, 'outside'));
    const there = this.disk.find('/outside');
    const names = there?.kind === 'directory' ? [...there.children.keys()] : [];
    const secret = this.disk.find('/outside/secret');
    const kept =
      readFileSync(join(this.own, 'outside', 'secret'), 'utf8') === 'not yours' &&
      secret?.kind === 'file' &&
      secret.bytes.toString() === 'not yours';
    if (!kept || here.join() !== 'secret' || (names.join() !== 'secret' && !this.blind))
      this.wrong('escape', `outside: ${here.join()} and ${names.join()}`);
  }
}

function explained({ summary, problems }: Performed): string {
  return [`exit ${summary.exitCode}`, summary.message, ...problems.slice(0, 3)].filter(Boolean).join('; ');
}
