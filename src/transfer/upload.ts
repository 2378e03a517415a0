/**
 * One file from here to the server: temporary name, size check, modification time, rename. The final name holds the
 * whole old or the whole new bytes at every moment.
 *
 * It comes in two steps so that a connection can begin the next file while this one's closing commands travel along:
 * {@link stageUpload} moves the bytes, and {@link StagedUpload.publish} verifies, stamps and renames.
 */
import { createHash, type Hash } from 'node:crypto';
import {
  type Agreement,
  type ByteSource,
  ChangingError,
  type Fingerprint,
  fingerprintOf,
  type Lane,
  type LocalSource,
  MismatchError,
  type RelPath,
  ReplyError,
  StaleError,
  type TransferAction,
} from '../model/index.ts';
import { temporaryFor } from '../model/temporary.ts';
import { namesOf, RESUMABLE, type TransferContext, tagOf } from './context.ts';
import { tailsAgree } from './resume.ts';
import { sameVersion } from './same-version.ts';
import { publish } from './swap.ts';

export interface StagedUpload {
  /** Bytes sent by this attempt. */
  readonly bytes: number;
  /** Offset at which it went on, where it did not begin anew. */
  readonly resumedFrom?: number;
  /** Checks the size that the server holds, sets the time, renames. Call once; resolves with what is now agreed. */
  publish(): Promise<Agreement>;
  /** Takes the temporary file away again. */
  discard(): Promise<void>;
}

/**
 * Sends the bytes of one file to its temporary name.
 * @param attempt 1 for the first; later ones look for what an earlier one left on the server.
 * @throws ChangingError when the source changed meanwhile; ReplyError, LostError as the server and the network have it.
 */
export async function stageUpload(
  context: TransferContext,
  lane: Lane,
  action: TransferAction,
  attempt: number,
): Promise<StagedUpload> {
  const source = await context.local.open(namesOf(context, action).local);
  try {
    return await new Upload(context, lane, action, source, attempt).stage();
  } finally {
    await source.close();
  }
}

class Upload {
  private readonly context: TransferContext;
  private readonly lane: Lane;
  private readonly action: TransferAction;
  private readonly source: LocalSource;
  private readonly attempt: number;
  /** The source as it was opened: what is sent, and what is remembered. */
  private readonly version: Fingerprint;
  private readonly target: RelPath;

  constructor(context: TransferContext, lane: Lane, action: TransferAction, source: LocalSource, attempt: number) {
    this.context = context;
    this.lane = lane;
    this.action = action;
    this.source = source;
    this.attempt = attempt;
    this.version = fingerprintOf(source.entry);
    this.target = namesOf(context, action).remote;
  }

  async stage(): Promise<StagedUpload> {
    const { context, action, source, version } = this;
    if (context.strict && !sameVersion(version, action.source)) {
      throw new StaleError('it is no longer the version that was planned');
    }
    for (;;) {
      const temporary = this.temporaryName();
      const offset = await this.resumeOffset(temporary);
      const sum = offset === 0 ? createHash('sha256') : undefined;
      // Journalled before the first byte goes, so that whatever a kill leaves on the server is known to the next run.
      if (temporary !== this.target) await this.saveCheckpoint(temporary, offset);
      let bytes = 0;
      if (offset < version.size || version.size === 0) {
        try {
          bytes = await this.lane.write(temporary, counted(source, sum, context), {
            offset,
            signal: context.signal,
            onBytes: (n) => context.moved('sent', n),
          });
        } catch (error) {
          if (this.nextNaming(error)) continue;
          throw error;
        }
      }
      if (!(await source.unchanged())) {
        await this.drop(temporary);
        throw new ChangingError('it changed while it was sent');
      }
      // A resumed transfer saw only the end of the file, so its content is hashed from the disk.
      const sha256 = sum ? sum.digest('hex') : await context.local.sha256(namesOf(context, action).local);
      return {
        bytes,
        ...(offset > 0 ? { resumedFrom: offset } : {}),
        publish: () => this.publish(temporary, sha256),
        discard: () => this.drop(temporary),
      };
    }
  }

  private temporaryName(): RelPath {
    const { style } = this.context.naming;
    return style === 'in place' ? this.target : temporaryFor(this.target, tagOf(this.version), style);
  }

  /** After a refusal: whether another kind of temporary name is worth a try. */
  private nextNaming(error: unknown): boolean {
    const { naming, warn } = this.context;
    if (!(error instanceof ReplyError) || (error.reply !== 553 && error.reply !== 550 && error.reply !== 501))
      return false;
    if (naming.style === 'hidden') {
      naming.style = 'visible';
      return true;
    }
    // Storing in place can tear an existing file, so only a name that is free is ever stored so.
    if (naming.style === 'visible' && this.action.replaces === null) {
      naming.style = 'in place';
      warn('this server refuses temporary names: new files are stored in place, which is not atomic');
      return true;
    }
    return false;
  }

  /** How many bytes of this very version the server already holds under the temporary name. */
  private async resumeOffset(temporary: RelPath): Promise<number> {
    const { context, lane, source, version, attempt } = this;
    if (temporary === this.target || version.size === 0) return 0;
    if (version.size <= RESUMABLE && attempt === 1) return 0;
    if (attempt === 1) {
      const checkpoint = await context.memory.checkpoint(this.action.path, 'upload');
      if (!checkpoint || checkpoint.temporary !== temporary || !sameVersion(checkpoint.source, version)) return 0;
    }
    const { restart, append } = context.remote.capabilities;
    if (!restart && !append) return 0;
    let held: number;
    try {
      held = (await lane.inspect(temporary)).size ?? 0;
    } catch (error) {
      if (error instanceof ReplyError && !error.retryable) return 0;
      throw error;
    }
    if (held === 0 || held > version.size) return 0;
    return (await tailsAgree(lane, temporary, source, held, context.signal)) ? held : 0;
  }

  private async saveCheckpoint(temporary: RelPath, confirmed: number): Promise<void> {
    const { path } = this.action;
    await this.context.memory.saveCheckpoint({ path, direction: 'upload', source: this.version, temporary, confirmed });
  }

  /** All of these travel in one flight, but the rename, which waits for the size. */
  private async publish(temporary: RelPath, sha256: string): Promise<Agreement> {
    const { context, lane, action, target, version } = this;
    const mtime = this.source.entry.mtime;
    const staged = temporary !== target;
    const [, held, standing] = await Promise.all([
      mtime === null ? false : lane.setModified(temporary, mtime),
      lane.inspect(temporary),
      staged ? this.standing() : null,
      action.mode === undefined ? false : lane.setMode(temporary, action.mode),
    ]);
    if (held.size !== null && held.size !== version.size) {
      await this.drop(temporary);
      throw new MismatchError(`the server holds ${held.size} of its ${version.size} bytes`);
    }
    if (staged) {
      if (!this.stillExpected(standing)) {
        await this.drop(temporary);
        throw new StaleError('it changed on the server since it was listed');
      }
      await publish(lane, context.memory, temporary, target, standing, this.style());
    }
    await context.memory.dropCheckpoint(action.path, 'upload');
    return {
      path: action.path,
      kind: 'file',
      local: version,
      remote: { size: version.size, stamps: held.stamps },
      sha256,
    };
  }

  /** What the server holds under the final name right now. */
  private async standing(): Promise<Fingerprint | null> {
    try {
      const { size, stamps } = await this.lane.inspect(this.target);
      return { size: size ?? 0, stamps };
    } catch (error) {
      if (error instanceof ReplyError && !error.retryable) return null;
      throw error;
    }
  }

  private stillExpected(standing: Fingerprint | null): boolean {
    const { replaces } = this.action;
    if (standing === null) return true;
    return replaces !== null && sameVersion(standing, replaces);
  }

  private style(): 'hidden' | 'visible' {
    const { style } = this.context.naming;
    return style === 'in place' ? 'visible' : style;
  }

  private async drop(temporary: RelPath): Promise<void> {
    await this.context.memory.dropCheckpoint(this.action.path, 'upload');
    if (temporary === this.target) return;
    try {
      await this.lane.remove(temporary);
    } catch {
      // A leftover is swept by a later run; what failed before is what matters.
    }
  }
}

/** The source, hashed and paced on its way. */
function counted(source: ByteSource, sum: Hash | undefined, { pace, signal }: TransferContext): ByteSource {
  return {
    async *chunks(offset) {
      for await (const chunk of source.chunks(offset)) {
        sum?.update(chunk);
        await pace?.(chunk.length, signal);
        yield chunk;
      }
    },
  };
}
