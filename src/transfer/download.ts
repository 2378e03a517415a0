/**
 * One file from the server to here: temporary name beside the target, size check, the source looked at once more,
 * fsync, modification time, rename. The target holds the whole old or the whole new bytes at every moment.
 */
import { createHash } from 'node:crypto';
import {
  type Agreement,
  ChangingError,
  type Entry,
  type Fingerprint,
  fingerprintOf,
  type Lane,
  type LocalStage,
  MismatchError,
  type RelPath,
  StaleError,
  type TransferAction,
} from '../model/index.ts';
import { temporaryFor } from '../model/temporary.ts';
import { namesOf, RESUMABLE, type TransferContext, tagOf } from './context.ts';
import { tailsAgree } from './resume.ts';
import { sameVersion } from './same-version.ts';

export interface StagedDownload {
  /** Bytes received by this attempt. */
  readonly bytes: number;
  readonly resumedFrom?: number;
  /** Looks at the source once more, then puts the file under its name. Resolves with what is now agreed. */
  publish(): Promise<Agreement>;
  discard(): Promise<void>;
}

/**
 * Receives the bytes of one file into its temporary file.
 * @throws MismatchError when fewer or more bytes came than the server had said; what came is kept for a resume.
 */
export async function stageDownload(
  context: TransferContext,
  lane: Lane,
  action: TransferAction,
  attempt: number,
): Promise<StagedDownload> {
  const { local, memory, pace, signal } = context;
  const { local: target, remote: source } = namesOf(context, action);
  const version = action.source;
  const temporary = temporaryFor(target, tagOf(version));
  const resumable = await mayResume(context, action, temporary, attempt);
  // Journalled before the temporary file exists, so that whatever a kill leaves here is known to the next run.
  await memory.saveCheckpoint({ path: action.path, direction: 'download', source: version, temporary, confirmed: 0 });
  let stage = await local.stage(target, temporary, resumable);
  let offset = stage.size;
  if (offset > 0 && !(offset <= version.size && (await tailsAgree(lane, source, stage, offset, signal)))) {
    await stage.discard();
    stage = await local.stage(target, temporary, false);
    offset = 0;
  }
  const sum = offset === 0 ? createHash('sha256') : undefined;
  try {
    let bytes = 0;
    if (offset < version.size || version.size === 0) {
      const sink = {
        write(chunk: Uint8Array) {
          sum?.update(chunk);
          const written = stage.write(chunk);
          const leave = pace?.(chunk.length, signal);
          return leave ? Promise.all([written, leave]).then(() => undefined) : written;
        },
      };
      bytes = await lane.read(source, sink, { offset, signal, onBytes: (n) => context.moved('received', n) });
    }
    if (stage.size !== version.size) {
      throw new MismatchError(`${stage.size} of its ${version.size} bytes arrived`);
    }
    return {
      bytes,
      ...(offset > 0 ? { resumedFrom: offset } : {}),
      publish: () => publishDownload(context, lane, action, stage, sum?.digest('hex')),
      discard: () => stage.discard(),
    };
  } catch (error) {
    await settle(context, action, stage);
    throw error;
  }
}

async function mayResume(
  { memory, remote }: TransferContext,
  action: TransferAction,
  temporary: RelPath,
  attempt: number,
): Promise<boolean> {
  if (action.size <= RESUMABLE || !remote.capabilities.restart) return false;
  if (attempt > 1) return true;
  const checkpoint = await memory.checkpoint(action.path, 'download');
  return checkpoint?.temporary === temporary && sameVersion(checkpoint.source, action.source);
}

/** Keeps what a later attempt can go on from, and nothing else. */
async function settle({ memory }: TransferContext, action: TransferAction, stage: LocalStage): Promise<void> {
  if (action.size > RESUMABLE && stage.size > 0 && stage.size <= action.size) return stage.keep();
  await stage.discard();
  await memory.dropCheckpoint(action.path, 'download');
}

async function publishDownload(
  context: TransferContext,
  lane: Lane,
  action: TransferAction,
  stage: LocalStage,
  sum: string | undefined,
): Promise<Agreement> {
  const { local, memory } = context;
  const names = namesOf(context, action);
  let now: Fingerprint;
  let entry: Entry;
  try {
    const { size, stamps, mtime } = await lane.inspect(names.remote);
    now = { size: size ?? action.size, stamps };
    if (!sameVersion(now, action.source)) throw new ChangingError('it changed on the server while it was received');
    entry = await stage.commit({
      // Asked of this very file, the time is never coarser than a listing's.
      mtime: mtime ?? action.mtime,
      ...(action.mode === undefined ? {} : { mode: action.mode }),
      expected: action.replaces === null ? null : await expectedTarget(context, action),
    });
  } catch (error) {
    await stage.discard();
    await memory.dropCheckpoint(action.path, 'download');
    throw error;
  }
  await memory.dropCheckpoint(action.path, 'download');
  return {
    path: action.path,
    kind: 'file',
    local: fingerprintOf(entry),
    remote: { size: action.size, stamps: { ...action.source.stamps, ...now.stamps } },
    // A resumed transfer saw only the end of the file, so its content is hashed from the disk.
    sha256: sum ?? (await local.sha256(names.local)),
  };
}

/** The target as it is, if it still is what the plan saw. */
async function expectedTarget(context: TransferContext, action: TransferAction): Promise<Entry | null> {
  const target = await context.local.look(namesOf(context, action).local);
  if (target && action.replaces && !sameVersion(fingerprintOf(target), action.replaces)) {
    throw new StaleError('it changed here since it was looked at');
  }
  return target;
}
