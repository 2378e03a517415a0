/**
 * The events of `--json` as a schema, published as `schemas/events-1.json`. What is there stays; new types and keys may be
 * added within a version, so whoever reads the stream passes over what they do not know.
 */
import { z } from 'zod';
import { EVENTS_VERSION, type RunEvent } from '../model/index.ts';

const time = z.iso.datetime().describe('ISO 8601, UTC.');
const side = z.enum(['local', 'remote']);
const direction = z.enum(['push', 'pull', 'sync']);
const bytes = z.int().nonnegative().describe('Bytes.');
const count = z.int().nonnegative();
const ms = z.number().nonnegative().describe('Milliseconds.');
const path = z.string().describe('Below both folders, separated by /; empty for the folders themselves.');

const start = z.object({
  type: z.literal('start'),
  time,
  version: z.literal(EVENTS_VERSION).optional().describe('Of this schema.'),
  job: z.string(),
  direction,
  verb: z
    .enum(['rollback', 'backup', 'restore'])
    .optional()
    .describe('What is done, where it is not what the direction says.'),
  local: z.string(),
  remote: z.string().describe('URL, without the password.'),
  dryRun: z.boolean(),
});

const capabilities = z.object({
  type: z.literal('capabilities'),
  time,
  software: z.string(),
  uses: z.array(z.string()).describe('What the server can do, in words.'),
  lacks: z.array(z.string()).describe('What it cannot do.'),
});

const plan = z.object({
  type: z.literal('plan'),
  time,
  counts: z
    .object({ upload: count, download: count, mkdir: count, delete: count, rename: count, replace: count })
    .describe('How many actions of each kind.'),
  bytes: bytes.describe('Bytes that the transfers will move.'),
  conflicts: count,
  guard: z.object({ refused: z.boolean(), reasons: z.array(z.string()) }),
});

const action = z.object({
  type: z.literal('action'),
  time,
  action: z.enum(['upload', 'download', 'mkdir', 'delete', 'rename', 'replace', 'chmod', 'touch', 'restore']),
  side: side.describe('The side that is changed.'),
  path,
  reason: z.string(),
  size: bytes.describe('Bytes; 0 for what is not a file.'),
  status: z.enum(['started', 'done', 'failed', 'skipped']),
  attempt: count.describe('1 for the first.'),
  bytes: bytes.describe('Bytes that this attempt moved.'),
  resumedFrom: bytes.optional().describe('Offset in bytes from which a transfer was taken up again.'),
});

const progress = z.object({
  type: z.literal('progress'),
  time,
  phase: z.enum(['scan', 'transfer']),
  files: count,
  filesTotal: count,
  bytes,
  bytesTotal: bytes,
  path: z.string().optional(),
});

const problem = z.object({
  type: z.literal('problem'),
  time,
  path,
  side,
  code: z.enum([
    'name',
    'unreadable',
    'unparsed',
    'incomplete',
    'kind',
    'refused',
    'full',
    'changing',
    'mismatch',
    'conflict',
    'connection',
    'failed',
  ]),
  message: z.string().describe('What happened and what to do next.'),
});

const retry = z.object({
  type: z.literal('retry'),
  time,
  path: path.describe('Empty where it is about the connection.'),
  attempt: count.describe('The attempt that comes next: 2 for the first retry.'),
  delay: ms.describe('Milliseconds until then.'),
  message: z.string().describe('Why the one before failed.'),
});

const warning = z.object({ type: z.literal('warning'), time, message: z.string() });

const hook = z.object({
  type: z.literal('hook'),
  time,
  hook: z.string().describe('before, after, failed, heartbeat, maintenance enter, maintenance leave.'),
  program: z.string().describe('Without its arguments.'),
  status: z.enum(['started', 'output', 'done', 'failed']),
  text: z.string().optional().describe('With output: a line that it wrote.'),
  message: z.string().optional().describe('With failed: what happened.'),
});

const watch = z.object({
  type: z.literal('watch'),
  time,
  state: z.enum(['watching', 'noticed', 'offline', 'waiting', 'stopped']),
  pending: count.describe('Paths that wait to be looked at.'),
  delay: ms.optional().describe('Milliseconds until it is tried again.'),
  message: z.string().optional(),
});

const snapshot = z.object({
  type: z.literal('snapshot'),
  time,
  name: z.string().describe('Its time, UTC: 20261121T144158Z; `unfinished` where it has none yet.'),
  state: z
    .enum(['resumed', 'made', 'removed', 'due'])
    .describe('due: no rule keeps it, and it is there still, as nothing is to be changed.'),
  files: count.optional(),
  bytes: bytes.optional(),
  newFiles: count.optional().describe('With made: what it does not share with the one before.'),
  newBytes: bytes.optional(),
  changed: z.boolean().optional().describe('With made: whether it differs from the one before.'),
});

const summary = z.object({
  type: z.literal('summary'),
  time,
  job: z.string(),
  exitCode: z.int().describe('0 if and only if both sides agree on everything in scope.'),
  message: z.string().optional().describe('Why it ended as it did, where it is not plain success.'),
  uploaded: count,
  downloaded: count,
  renamed: count,
  deleted: count,
  unchanged: count,
  sameBySize: count,
  failed: count,
  problems: count,
  bytesSent: bytes,
  bytesReceived: bytes,
  commands: count,
  connections: count,
  seconds: z.number().nonnegative(),
  snapshot: z.string().optional().describe('The snapshot that a backup made; left out where none was made.'),
});

export const eventSchema = z
  .discriminatedUnion('type', [
    start,
    capabilities,
    plan,
    action,
    progress,
    problem,
    retry,
    warning,
    hook,
    watch,
    snapshot,
    summary,
  ])
  .meta({ title: 'ferry --json', description: 'One event a line; the last one of a run is a summary.' });

// Every event that can be told fits the schema, or this does not compile.
const fits = (event: RunEvent): z.input<typeof eventSchema> => event as Plainly<RunEvent>;
void fits;

/** The same, with arrays that may be written to, as zod has them. */
type Plainly<T> = T extends string
  ? T
  : T extends readonly (infer E)[]
    ? Plainly<E>[]
    : T extends object
      ? { -readonly [K in keyof T]: Plainly<T[K]> }
      : T;
