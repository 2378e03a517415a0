/** Opens the two sides of a job and what is remembered about them, and closes them together. */
import { patternsIn } from '../config/own-files.ts';
import type { JobSettings } from '../config/settings.ts';
import { openLocal } from '../local/index.ts';
import { type Local, LocalError, type Memory, type Pair, type Remote } from '../model/index.ts';
import {
  acquireLock,
  jobFolder,
  type Lock,
  openMemory,
  openRemoteMemory,
  setMemoryAside,
  stateFolder,
} from '../state/index.ts';
import { absentLocal } from './absent-local.ts';
import type { RemoteLock } from './remote-lock.ts';
import { remoteOf } from './remote-side.ts';
import { refuseLocalFile } from './single-file.ts';

export interface OpenPair extends Pair {
  close(): Promise<void>;
}

export interface PairOptions {
  /** A local folder that is missing is made (a pull into a new place), taken for empty (a look at one), or refused. */
  readonly missingLocal?: 'make' | 'empty' | 'refuse';
  /** Where states are kept; the user's state folder otherwise. */
  readonly stateBase?: string;
  /** Each line on the control connection, secrets masked. */
  readonly wire?: (line: string) => void;
  /** Whether nothing is written on either side. */
  readonly readOnly?: boolean;
  /** Whether what is remembered is to be set aside, to begin anew; false again once that is done. */
  readonly adoption?: { due: boolean };
  readonly warn?: (message: string) => void;
  /** The lock on the server, where the job takes it. */
  readonly lock?: Pick<RemoteLock, 'guard' | 'release'>;
}

/** The folder that holds what this job remembers, and its lock. */
export function stateOf(job: JobSettings, stateBase?: string): string {
  return jobFolder(baseOf(stateBase), { local: job.home ?? job.local, remote: job.remoteUrl, name: job.name });
}

function baseOf(stateBase: string | undefined): string {
  return stateBase ?? stateFolder(process.env, process.platform);
}

/**
 * The job without what is remembered of all jobs, where that lies in its folder: it changes with every step of a run, and
 * a mirror would delete it.
 */
export async function withoutState(job: JobSettings, stateBase?: string): Promise<JobSettings> {
  const own = await patternsIn(job.local, [baseOf(stateBase)]);
  return own.length === 0 ? job : { ...job, exclude: [...job.exclude, ...own] };
}

/** Takes the job's lock on this machine. @throws LockError when another run holds the job. */
export function lockJob(job: JobSettings, stateBase?: string): Promise<Lock> {
  return acquireLock(stateOf(job, stateBase), { job: job.name });
}

/** What a job holds on this machine, whether or not it is connected. */
export interface Held extends Omit<Pair, 'remote'> {
  close(): Promise<void>;
}

/**
 * Takes the job's lock, opens the local side and the memory, which is on this machine.
 * @throws LockError when another run holds the job; LocalError; StateError.
 */
export async function hold(job: JobSettings, options: PairOptions): Promise<Held> {
  const lock = await lockJob(job, options.stateBase);
  try {
    const local = await openLocalOf(job, options);
    const memory = await openLocalMemory(stateOf(job, options.stateBase), options);
    const close = () => memory.close().finally(() => lock.release());
    return { local, memory, close };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Connects to the remote side. @throws ConnectError, LoginError, TlsError. */
export async function connect(job: JobSettings, options: PairOptions, signal: AbortSignal): Promise<Remote> {
  const remote = remoteOf(job, options.wire);
  try {
    await remote.open(signal);
    return remote;
  } catch (error) {
    await remote.close();
    throw error;
  }
}

/**
 * Opens both sides and the memory. The job's lock must be held.
 * @throws LocalError; ConnectError, LoginError, TlsError; StateError; LockError where the memory is in use all the same.
 */
export async function openPair(job: JobSettings, options: PairOptions, signal: AbortSignal): Promise<OpenPair> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    const failures: unknown[] = [];
    // A memory that cannot be saved is no reason to leave a connection open.
    for (const closer of closers.splice(0).reverse()) await closer().catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  try {
    const folder = stateOf(job, options.stateBase);
    const local = await openLocalOf(job, options);
    // A damaged memory is told before anything is connected; one on the server can only be read after.
    let memory = job.state === 'remote' ? undefined : await openLocalMemory(folder, options);
    if (memory) closers.push(() => memory!.close());
    const connected = remoteOf(job, options.wire);
    closers.push(() => connected.close());
    await connected.open(signal);
    const remote = options.lock ? options.lock.guard(connected) : connected;
    if (!memory) {
      memory = await openRemoteMemoryOf(job, remote, options);
      closers.push(() => memory!.close());
    }
    return { local, remote, memory, close };
  } catch (error) {
    await close().catch(() => {}); // what went wrong first is what counts
    throw error;
  }
}

async function openLocalMemory(folder: string, { adoption, readOnly, warn }: PairOptions): Promise<Memory> {
  if (adoption?.due && !readOnly) {
    for (const file of await setMemoryAside(folder, new Date())) warn?.(`what was remembered is kept at ${file}`);
    adoption.due = false;
  }
  return openMemory(folder);
}

async function openRemoteMemoryOf(job: JobSettings, remote: Remote, options: PairOptions): Promise<Memory> {
  const { adoption, readOnly = false, warn = () => {} } = options;
  const adopt = adoption?.due ?? false;
  const memory = await openRemoteMemory(remote, { job: job.name, warn, readOnly, adopt });
  if (adoption) adoption.due = false;
  return memory;
}

async function openLocalOf(job: JobSettings, { missingLocal = 'refuse' }: PairOptions): Promise<Local> {
  await refuseLocalFile(job);
  try {
    return await openLocal(job.local, { links: job.links, create: missingLocal === 'make' });
  } catch (error) {
    const missing = error instanceof LocalError && error.errno === 'ENOENT';
    if (missing && missingLocal === 'empty') return absentLocal(job.local);
    throw error;
  }
}
