/**
 * The last runs of a job, one JSON object a line. A run leaves a line when it begins and one when it ends, so that one
 * that was killed is told from one that still goes on. Lines are only ever appended, each in one write, so that several
 * processes can do it at once and a kill costs no more than its own line.
 */
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Direction, Problem, Summary } from '../model/index.ts';
import { lifeOf, type Owner, thisOwner } from './owner.ts';
import { noRights } from './rights.ts';

/** What a run is about. */
export interface RunAbout {
  readonly job: string;
  readonly direction: Direction;
  /** Absolute path of the local folder. */
  readonly local: string;
  /** The remote folder as a URL, without the password. */
  readonly remote: string;
}

export interface PastRun extends RunAbout {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly began: string;
  /** ISO 8601, UTC; null where it has not ended, or nobody could say so any more. */
  readonly ended: string | null;
  /** `killed`: it began, and no process goes on with it. `unseen`: nobody can tell from this machine. */
  readonly state: 'ended' | 'running' | 'killed' | 'unseen';
  readonly pid: number;
  readonly host: string;
  /** Null where `ended` is. */
  readonly exitCode: number | null;
  /** Why it ended as it did, where it is not plain success. */
  readonly message?: string;
  /** What came of it; null where it was cut off. */
  readonly summary: Summary | null;
  /** The first few. */
  readonly problems: readonly Problem[];
}

/** A run that goes on. */
export interface CurrentRun {
  /** @param sole whether this process holds the job's lock, and may put a history aside that has grown long. */
  end(summary: Summary, details: { readonly problems: readonly Problem[]; readonly sole: boolean }): Promise<void>;
}

interface Line extends RunAbout {
  readonly id: string;
  readonly began: string;
  readonly ended?: string;
  readonly owner: Owner;
  readonly exitCode?: number;
  readonly message?: string;
  readonly summary?: Summary;
  readonly problems?: readonly Problem[];
}

const NAME = 'runs.jsonl';
/** The lines before those, once there are many. */
const OLDER = 'runs.older.jsonl';
/** Bytes: some hundreds of runs. */
const LONG = 256 * 1024;
const LONGEST_MESSAGE = 2000;

/** Notes that a run begins. What cannot be noted is left out: a history is no reason for a run to fail. */
export async function beginRun(
  directory: string,
  about: RunAbout,
  { mask }: { readonly mask: (text: string) => string },
): Promise<CurrentRun> {
  const file = join(directory, NAME);
  const masked = (_key: string, value: unknown) =>
    typeof value === 'string' ? mask(value).slice(0, LONGEST_MESSAGE) : value;
  // A line that a power cut tore must not take the next one with it.
  const lineOf = (line: Line) => `\n${JSON.stringify(line, masked)}\n`;
  const first: Line = {
    id: randomUUID().slice(0, 8),
    began: new Date().toISOString(),
    ...about,
    owner: thisOwner(about.job),
  };
  await mkdir(directory, { recursive: true, mode: 0o700 })
    .then(() => appendFile(file, lineOf(first), { mode: 0o600 }))
    .catch(() => {});
  const cutOff = (exitCode: number) => {
    const message = 'the process was ended before the run was';
    try {
      appendFileSync(file, lineOf({ ...first, ended: new Date().toISOString(), exitCode, message }));
    } catch {
      // As above.
    }
  };
  underWay(cutOff);
  return {
    async end(summary, { problems, sole }) {
      goingOn.delete(cutOff);
      const { exitCode, message } = summary;
      const ended = new Date().toISOString();
      const line = { ...first, ended, exitCode, ...(message === undefined ? {} : { message }), summary, problems };
      await appendFile(file, lineOf(line), { mode: 0o600 }).catch(() => {});
      if (sole) await putAside(directory).catch(() => {});
    },
  };
}

/** What is to be noted of runs where the process ends before they do: by a second signal, or out of patience. */
const goingOn = new Set<(exitCode: number) => void>();

/** One listener for all of them: a program may have many jobs at once. */
function underWay(cutOff: (exitCode: number) => void): void {
  goingOn.add(cutOff);
  if (process.listeners('exit').includes(onExit)) return;
  process.on('exit', onExit);
}

function onExit(exitCode: number): void {
  for (const cutOff of goingOn) cutOff(exitCode);
}

// Whoever appends to the file meanwhile appends to it under its new name, which is read as well.
async function putAside(directory: string): Promise<void> {
  const { size } = await stat(join(directory, NAME));
  if (size > LONG) await rename(join(directory, NAME), join(directory, OLDER));
}

/** All that is known of a job's runs, oldest first; empty where there is nothing. @throws ConfigError where it may not be read. */
export async function pastRuns(directory: string): Promise<PastRun[]> {
  const runs = new Map<string, PastRun>();
  for (const name of [OLDER, NAME]) {
    for (const text of (await readFile(join(directory, name), 'utf8').catch(nothingIn(directory, ''))).split('\n')) {
      const line = parse(text);
      if (line !== undefined) runs.set(line.id, runOf(line));
    }
  }
  return [...runs.values()].sort((a, b) => (a.began < b.began ? -1 : 1));
}

/** The folders below the state folder that have a history. @throws ConfigError where it may not be read. */
export async function foldersWithRuns(base: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(base, { withFileTypes: true }).catch(nothingIn(base, []))) {
    const folder = join(base, entry.name);
    const known =
      entry.isDirectory() && (await readdir(folder).catch(nothingIn(folder, []))).some((name) => name === NAME);
    if (known) found.push(folder);
  }
  return found.sort();
}

/** That there is nothing is no failure; that nobody may look is one, and no sign that all is well. */
function nothingIn<T>(directory: string, nothing: T): (error: unknown) => T {
  return (error) => {
    const refused = noRights(error, directory);
    if (refused) throw refused;
    return nothing;
  };
}

function parse(text: string): Line | undefined {
  if (text === '') return undefined;
  try {
    const line = JSON.parse(text) as Line;
    return typeof line.id === 'string' && typeof line.began === 'string' && typeof line.job === 'string'
      ? line
      : undefined;
  } catch {
    return undefined;
  }
}

function runOf(line: Line): PastRun {
  const { id, began, ended = null, job, direction, local, remote, owner, exitCode = null, message } = line;
  return {
    id,
    began,
    ended,
    state: ended === null ? LIVES[lifeOf(owner)] : 'ended',
    job,
    direction,
    local,
    remote,
    pid: owner.pid,
    host: owner.host,
    exitCode,
    ...(message === undefined ? {} : { message }),
    summary: line.summary ?? null,
    problems: line.problems ?? [],
  };
}

const LIVES = { alive: 'running', dead: 'killed', unseen: 'unseen' } as const;
