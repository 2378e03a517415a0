/** What every sequence about a backup takes place on: a server, a source that is edited, and verbs that are disturbed. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobSettings } from '../../../../src/config/settings.ts';
import type { Keep } from '../../../../src/diff/index.ts';
import { openLocal } from '../../../../src/local/index.ts';
import { type RunEventBody, StateError, type Summary, type Tell } from '../../../../src/model/index.ts';
import { memoryInRam } from '../../../../src/state/index.ts';
import type { RunOptions } from '../../../../src/sync/index.ts';
import type { openPair } from '../../../../src/sync/pair.ts';
import { remoteOf } from '../../../../src/sync/remote-side.ts';
import { job, serverSettings } from '../../../builders/connect.ts';
import { armCalls, byOthers } from '../fs-faults.ts';
import { type Violation, type Wrong, within } from '../harness.ts';
import { Contents } from '../model/contents.ts';
import { Life } from '../model/interference.ts';
import { MemoryDisk } from '../model/memory-disk.ts';
import { ModelServer } from '../model/model-server.ts';
import { PROFILES } from '../model/profiles.ts';
import { above, type Folder, isBelow, isFile, LocalFolder, RemoteFolder } from '../model/sides.ts';
import { LIES } from '../model/walk.ts';
import { type BackupStep, describeEdit, type Edit, type Harm, NO_HARM, type Sequence } from './steps.ts';

/** What is in a folder: each file's content by its path. */
export type Files = Readonly<Record<string, string>>;

/** In the place of parts of Ferry, to see the bench turn red. */
export type Sabotage = (options: Partial<RunOptions>) => Partial<RunOptions>;

/** What a verb is given, whichever it is. */
export interface Frame {
  readonly tell: (event: RunEventBody) => void;
  readonly signal: AbortSignal;
  readonly stateBase: string;
}

/** What came of a verb. */
export interface Outcome<T> {
  readonly value?: T;
  readonly error?: Error;
  readonly killed: boolean;
  /** Whether it ended because what it writes down, here or on the server, could not be written or read. */
  readonly unsaved: boolean;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** ms; a verb has nothing to wait for but a retry or two, on a machine that may have other work. */
const PATIENCE = 60_000;
const HOUR = 3_600_000;
/** What lies about in the folder of the snapshots, and beside every folder. */
const NOT_YOURS = 'not yours';

export class Scene {
  readonly violations: Violation[] = [];
  readonly transcript: string[] = [];
  readonly contents = new Contents();
  readonly disk: MemoryDisk;
  readonly local: LocalFolder;
  readonly remote: RemoteFolder;
  /** What the clock of the backups shows, ms since the epoch. */
  now = Date.parse('2026-01-01T00:00:00Z');
  readonly sequence: Sequence;
  readonly own: string;
  private readonly sabotage: Sabotage | undefined;
  private readonly memory = memoryInRam();
  private server!: ModelServer;
  /** Of the times of files, ms since the epoch. */
  private clock = Date.now() - 6 * HOUR;

  constructor(sequence: Sequence, own: string, sabotage: Sabotage | undefined) {
    this.sequence = sequence;
    this.own = own;
    this.sabotage = sabotage;
    this.disk = new MemoryDisk(() => this.clock);
    this.local = new LocalFolder(join(own, 'local'));
    this.remote = new RemoteFolder(this.disk, '/site');
    mkdirSync(join(own, 'state'));
    mkdirSync(join(own, 'outside'));
    for (const path of this.strangers) writeFileSync(path, NOT_YOURS);
    this.disk.put('/outside', this.disk.file(Buffer.from(NOT_YOURS)));
  }

  async start(): Promise<void> {
    this.server = await ModelServer.start(this.disk, PROFILES[this.sequence.profile]);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  wrong(kind: Wrong, what: string): void {
    this.violations.push({ wrong: kind, what });
    this.say(`  !! ${kind}: ${what}`);
  }

  say(text: string): void {
    this.transcript.push(text);
  }

  get source(): Folder {
    return this.sequence.direction === 'pull' ? this.remote : this.local;
  }

  get home(): string {
    return join(this.own, 'local');
  }

  job({ unguarded }: Pick<BackupStep, 'unguarded'> = { unguarded: true }): JobSettings {
    const { direction, connections, keep } = this.sequence;
    const { access } = this.server;
    return job(access, this.home, {
      direction,
      retries: 1,
      server: serverSettings(access, { connections }),
      // The same job whatever port it is.
      remoteUrl: 'ftp://tester@model/site',
      backup: { keep: keep as Keep },
      ...(unguarded ? { maxDelete: { percent: 100 }, allowEmptySource: true } : {}),
    });
  }

  /** Time goes by, and no two things happen in the same second. */
  pass(hours = 0): void {
    this.now += hours * HOUR + 10_000;
    this.clock += Math.max(3 * PROFILES[this.sequence.profile].grain, 10);
  }

  edit(one: Edit): void {
    const { source } = this;
    const there = source.at(one.path);
    this.pass();
    switch (one.edit) {
      case 'write':
        this.clear(one.path, isFile(there));
        source.write(one.path, this.contents.make(), this.clock);
        return;
      case 'same size':
        if (isFile(there)) source.write(one.path, this.contents.make({ like: there }), this.clock);
        return;
      case 'remove':
        if (there !== undefined) source.remove(one.path);
        return;
      case 'mkdir':
        if (there === null) return;
        this.clear(one.path);
        source.mkdir(one.path);
        return;
      case 'rename':
        if (there === undefined || one.to === one.path || isBelow(one.to, one.path) || isBelow(one.path, one.to))
          return;
        this.clear(one.to);
        source.rename(one.path, one.to);
        return;
    }
  }

  /** Makes a name free unless it stays, and the directories above it. */
  private clear(path: string, stays = false): void {
    for (const at of above(path)) {
      const there = this.source.at(at);
      if (there === null) continue;
      if (there !== undefined) this.source.remove(at);
      this.source.mkdir(at);
    }
    if (!stays && this.source.at(path) !== undefined) this.source.remove(path);
  }

  /** A verb, under what disturbs it in a folder here. */
  async undergo<T>(
    harm: Harm,
    folder: string,
    act: (options: Partial<RunOptions>, frame: Frame) => Promise<T>,
    meanwhile: BackupStep['meanwhile'] = [],
    onEdit: () => void = () => {},
  ): Promise<Outcome<T>> {
    const { kill } = harm;
    const dying = (at: 'command' | 'call', count: number) =>
      kill?.at === at && kill.nth === count ? (kill.after ? 'after' : 'before') : undefined;
    const armed = armCalls(
      kill?.at === 'disk'
        ? { folder, nth: kill.nth, after: kill.after, onDeath: () => life.end() }
        : { folder, nth: Number.POSITIVE_INFINITY, code: 'EIO', forGood: false, ...harm.disk },
    );
    const states = armCalls({
      folder: join(this.own, 'state'),
      nth: Number.POSITIVE_INFINITY,
      code: 'EIO',
      forGood: false,
    });
    const life = new Life(
      (...asked) => this.open(...asked),
      (call) => dying('call', call),
      () => {
        for (const one of [armed, states]) one.die();
        this.server.cutOff();
      },
    );
    this.disk.deceit = harm.lie === null ? {} : LIES[harm.lie];
    this.server.begin(harm.faults);
    this.server.onCommand = (count, line) => {
      for (const { command, edit } of meanwhile) {
        if (command !== count || life.over) continue;
        this.say(`  before ${line}: ${describeEdit(edit)}`);
        byOthers(() => this.edit(edit));
        onEdit();
      }
      const dies = dying('command', count);
      if (dies === undefined) return undefined;
      this.say(`  dies ${dies} ${line}`);
      if (dies === 'after') setImmediate(() => life.end());
      else life.end();
      return dies === 'after' ? 'lose the reply' : 'close';
    };
    const problems: string[] = [];
    const warnings: string[] = [];
    const tell = (event: RunEventBody) => {
      if (event.type === 'problem') problems.push(`${event.path}: ${event.message}`);
      if (event.type === 'warning') warnings.push(event.message);
    };
    const stateBase = join(this.own, 'state');
    let unsaved = false;
    const onFailure = (error: unknown) => {
      unsaved = error instanceof StateError;
    };
    const lived = { ...life.options, onFailure, seams: { ...life.options.seams, now: () => this.now } };
    const options = this.sabotage?.(lived) ?? lived;
    let outcome: { value?: T; error?: Error } | undefined;
    const acting = act(options, { tell, signal: life.options.signal!, stateBase }).then(
      (value) => {
        outcome = { value };
      },
      (error: Error) => {
        outcome = { error };
      },
    );
    await within(PATIENCE, acting);
    if (!(await this.server.settled(PATIENCE))) this.wrong('hang', 'a connection was left open');
    for (const one of [armed, states]) one.disarm();
    this.server.onCommand = () => undefined;
    this.disk.deceit = {};
    if (!outcome) throw new Error('it hangs');
    if (life.over) this.bury();
    this.server.begin([]);
    this.lookOutside();
    return { ...outcome, killed: life.over, unsaved, problems, warnings };
  }

  /** Undisturbed. */
  calmly<T>(act: (options: Partial<RunOptions>, frame: Frame) => Promise<T>): Promise<Outcome<T>> {
    return this.undergo(NO_HARM, this.own, act);
  }

  /** What is remembered outlives a run, and nothing waits for a disk: a kill of the process is all that is tried here. */
  private async open(...[settings, { missingLocal, wire }, signal]: Parameters<typeof openPair>) {
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

  /** The locks of a process that died are those of a dead one. */
  private bury(): void {
    for (const folder of [this.home, join(this.own, 'state')]) {
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        if (!/(?:^|\/)lock(?:-[^/]*\.claim)?$/.test(name)) continue;
        const file = join(folder, name);
        const held = JSON.parse(readFileSync(file, 'utf8'));
        writeFileSync(file, JSON.stringify({ ...held, owner: { ...held.owner, started: '1' } }));
      }
    }
  }

  private get strangers(): string[] {
    const beside = [join(this.own, 'outside', 'secret')];
    if (this.sequence.direction === 'push') return beside;
    mkdirSync(join(this.home, '20251231T000000Z by hand'), { recursive: true });
    return [...beside, join(this.home, 'notes.txt'), join(this.home, '20251231T000000Z by hand', 'notes.txt')];
  }

  private lookOutside(): void {
    const there = this.disk.find('/outside');
    const kept = this.strangers.every((path) => existsSync(path) && readFileSync(path, 'utf8') === NOT_YOURS);
    if (!kept || there?.kind !== 'file' || there.bytes.toString() !== NOT_YOURS)
      this.wrong('escape', 'what is nobody’s business was touched');
  }
}

export const both =
  (one: Tell, other: Tell): Tell =>
  (event) => {
    one(event);
    other(event);
  };

export function explained({ value, error, killed, problems, warnings }: Outcome<Summary | unknown>): string {
  const { exitCode, message, snapshot } = (value ?? {}) as Partial<Summary>;
  const parts = [
    killed ? 'killed' : '',
    exitCode === undefined ? '' : `exit ${exitCode}`,
    snapshot ?? '',
    (message ?? error?.message ?? '').split('\n')[0]!,
    ...problems.slice(0, 3),
    ...warnings.slice(0, 2),
  ];
  return parts.filter(Boolean).join('; ') || 'done';
}

/** What of two sets of files differs, in a few words; nothing where they are the same. */
export function differences(contents: Contents, found: Files, wanted: Files): string[] {
  return [...new Set([...Object.keys(found), ...Object.keys(wanted)])].flatMap((path) => {
    const [is, was] = [found[path], wanted[path]];
    if (is === was) return [];
    const named = (content: string | undefined) => (content === undefined ? 'nothing' : contents.name(content));
    return [`${path} is ${named(is)}, not ${named(was)}`];
  });
}

/** What is in a folder as its user sees it; an empty directory has a slash at its end. */
export function filesOf(folder: Folder): Files {
  const { things } = folder.picture();
  const files: Record<string, string> = {};
  for (const [path, thing] of things) {
    if (isFile(thing)) files[path] = thing;
    else if (![...things.keys()].some((other) => isBelow(other, path))) files[`${path}/`] = '';
  }
  return files;
}

export function without(files: Files, leaveOut: (path: string) => boolean): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !leaveOut(path)));
}

export const isDirectory = (path: string): boolean => path.endsWith('/');
