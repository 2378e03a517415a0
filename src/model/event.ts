/** The typed facts a run emits. Reporters, `--json` and the library's listeners see these and nothing else. */
import type { Side } from './entry.ts';
import type { Action, Direction, Guard } from './plan.ts';
import type { Problem } from './problem.ts';

/** The version of the events, said by the first one of a run in `--json`. Within one, things are only added. */
export const EVENTS_VERSION = 1;

/** What a run tells, without the time; `type` says which of these it is. */
export type RunEventBody =
  | {
      readonly type: 'start';
      readonly job: string;
      readonly direction: Direction;
      /** What is done, where it is not what the direction says. */
      readonly verb?: 'rollback' | 'backup' | 'restore';
      readonly local: string;
      readonly remote: string;
      readonly dryRun: boolean;
    }
  | {
      readonly type: 'capabilities';
      readonly software: string;
      readonly uses: readonly string[];
      readonly lacks: readonly string[];
    }
  | {
      readonly type: 'plan';
      /** How many actions of each kind. */
      readonly counts: Readonly<Record<Action['action'], number>>;
      /** Bytes that the transfers will move. */
      readonly bytes: number;
      readonly conflicts: number;
      readonly guard: Guard;
    }
  | {
      readonly type: 'action';
      /** `chmod` and `touch` are small changes that hand tools make; `restore` copies a file out of a snapshot. */
      readonly action: Action['action'] | 'chmod' | 'touch' | 'restore';
      readonly side: Side;
      readonly path: string;
      readonly reason: string;
      /** Bytes; 0 for what is not a file. */
      readonly size: number;
      readonly status: 'started' | 'done' | 'failed' | 'skipped';
      /** 1 for the first. */
      readonly attempt: number;
      /** Bytes that this attempt moved. */
      readonly bytes: number;
      /** Offset in bytes from which a transfer was taken up again. */
      readonly resumedFrom?: number;
    }
  | {
      readonly type: 'progress';
      /** What is being done: looking (`scan`) or moving bytes (`transfer`). */
      readonly phase: 'scan' | 'transfer';
      readonly files: number;
      readonly filesTotal: number;
      readonly bytes: number;
      readonly bytesTotal: number;
      readonly path?: string;
    }
  | ({ readonly type: 'problem' } & Problem)
  | {
      readonly type: 'retry';
      readonly path: string;
      /** The attempt that comes next: 2 for the first retry. */
      readonly attempt: number;
      /** How long until then, in ms. */
      readonly delay: number;
      /** Why the one before failed. */
      readonly message: string;
    }
  | { readonly type: 'warning'; readonly message: string }
  | {
      readonly type: 'hook';
      /** Which one: `before`, `after`, `failed`, ... */
      readonly hook: string;
      /** The program, without its arguments: they may hold secrets. */
      readonly program: string;
      readonly status: 'started' | 'output' | 'done' | 'failed';
      /** With `output`: a line that it wrote. */
      readonly text?: string;
      /** With `failed`: what happened. */
      readonly message?: string;
    }
  | {
      /** What a watch is up to; told when that changes. Between two of these are the runs that it makes. */
      readonly type: 'watch';
      /**
       * - `watching`: all that was noticed is done; waiting for more
       * - `noticed`: something changed and has to settle
       * - `offline`: the server cannot be reached; everything is kept, and tried again after `delay`
       * - `waiting`: the local folder is not there; nothing is done until it is back
       * - `stopped`: the watch is over
       */
      readonly state: 'watching' | 'noticed' | 'offline' | 'waiting' | 'stopped';
      /** Paths that wait to be looked at. */
      readonly pending: number;
      /** ms until it is tried again. */
      readonly delay?: number;
      readonly message?: string;
    }
  | {
      /** What became of a dated set of files of a backup. */
      readonly type: 'snapshot';
      /** Its time, UTC: `20261121T144158Z`; `unfinished` where it has none yet. */
      readonly name: string;
      /**
       * - `resumed`: one that was cut off is gone on with
       * - `made`: it is there, whole
       * - `removed`: no rule keeps it
       * - `due`: no rule keeps it, and it is there still, as nothing is to be changed
       */
      readonly state: 'resumed' | 'made' | 'removed' | 'due';
      readonly files?: number;
      readonly bytes?: number;
      /** With `made`: what it does not share with the one before. */
      readonly newFiles?: number;
      readonly newBytes?: number;
      /** With `made`: whether it differs from the one before. */
      readonly changed?: boolean;
    }
  | ({ readonly type: 'summary' } & Summary);

/** The last event of every run. Byte counts are bytes of file content, not of the protocol. */
export interface Summary {
  readonly job: string;
  readonly exitCode: number;
  /** Why it ended as it did, where it is not plain success. */
  readonly message?: string;
  readonly uploaded: number;
  readonly downloaded: number;
  readonly renamed: number;
  readonly deleted: number;
  readonly unchanged: number;
  readonly sameBySize: number;
  readonly failed: number;
  readonly problems: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly commands: number;
  readonly connections: number;
  readonly seconds: number;
  /** The snapshot that a backup made; left out where none was made. */
  readonly snapshot?: string;
}

/** What a summary counts, before anything was done. */
export const NOTHING_DONE: Omit<Summary, 'job' | 'exitCode' | 'message' | 'snapshot'> = {
  uploaded: 0,
  downloaded: 0,
  renamed: 0,
  deleted: 0,
  unchanged: 0,
  sameBySize: 0,
  failed: 0,
  problems: 0,
  bytesSent: 0,
  bytesReceived: 0,
  commands: 0,
  connections: 0,
  seconds: 0,
};

/** One line of `--json`; `time` is ISO 8601, UTC. */
export type RunEvent = RunEventBody & { readonly time: string };

/** Where a room tells what happens. */
export type Tell = (event: RunEventBody) => void;
