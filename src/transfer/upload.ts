/**
 * One file from here to the server: temporary name, size check, modification time, rename. The final name holds the
 * whole old or the whole new bytes at every moment.
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
import { HASHED, namesOf, RESUMABLE, type Transfer, type TransferContext, tagOf } from './context.ts';
import { tailsAgree } from './resume.ts';
import { sameVersion } from './same-version.ts';
import { publish } from './swap.ts';

/**
 * One attempt at one upload. Only {@link move} needs a connection of its own; what {@link publish} asks of it travels
 * along while the connection already serves the next file.
 */
export class Upload implements Transfer {
  readonly action: TransferAction;
  readonly attempt: number;
  bytes = 0;
  resumedFrom: number | undefined;
  private readonly context: TransferContext;
  private readonly source: LocalSource;
  /** The source as it was opened: what is sent, and what is remembered. */
  private readonly version: Fingerprint;
  private readonly target: RelPath;
  private readonly sum: Hash = createHash('sha256');
  private readonly tag: string;
  /** Where the bytes go; the target itself where no temporary name is taken. */
  private temporary: RelPath;
  private lane: Lane | undefined;

  private constructor(context: TransferContext, action: TransferAction, attempt: number, source: LocalSource) {
    this.context = context;
    this.action = action;
    this.attempt = attempt;
    this.source = source;
    this.version = fingerprintOf(source.entry);
    this.target = namesOf(context, action).remote;
    this.tag = tagOf(this.version);
    this.temporary = this.temporaryName();
  }

  /**
   * Opens the source and journals what is about to be written.
   * @param attempt 1 for the first; later ones look for what an earlier one left on the server.
   * @throws LocalError; StaleError when a planned version is demanded and is no longer there.
   */
  static async open(context: TransferContext, action: TransferAction, attempt: number): Promise<Upload> {
    const source = await context.local.open(namesOf(context, action).local);
    const upload = new Upload(context, action, attempt, source);
    try {
      if (context.strict && !sameVersion(upload.version, action.source)) {
        throw new StaleError('it is no longer the version that was planned');
      }
      await upload.look();
      return upload;
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** Sends the bytes to the temporary name. @throws ReplyError, LostError. */
  async move(lane: Lane): Promise<void> {
    const { context, source, version } = this;
    this.lane = lane;
    for (;;) {
      const offset = this.mayResume ? await this.resumeOffset(lane) : 0;
      if (offset > 0) this.resumedFrom = offset;
      if (offset === version.size && offset > 0) return;
      const sum = offset === 0 && version.size <= HASHED ? this.sum : undefined;
      try {
        this.bytes = await lane.write(this.temporary, counted(source, sum, context), {
          offset,
          signal: context.signal,
          onBytes: (n) => context.moved('sent', n),
        });
        return;
      } catch (error) {
        if (!this.nextNaming(error)) throw error;
        this.temporary = this.temporaryName();
        await this.saveCheckpoint();
      }
    }
  }

  close(): Promise<void> {
    return this.source.close();
  }

  /** Whether the server may hold a part of this very version. */
  private mayResume = false;

  /** Looks what an earlier attempt left, and journals this one before its first byte goes: the next run then knows what a kill left. */
  private async look(): Promise<void> {
    const { context, action, attempt, version } = this;
    if (this.temporary === this.target) return;
    const { restart, append } = context.remote.capabilities;
    if ((restart || append) && version.size > 0) {
      if (attempt > 1) this.mayResume = true;
      else if (version.size > RESUMABLE) {
        const left = await context.memory.checkpoint(action.path, 'upload');
        this.mayResume = left?.temporary === this.temporary && sameVersion(left.source, version);
      }
    }
    await this.saveCheckpoint();
  }

  /** SHA-256 of what was sent; a resumed transfer saw only the end of the file, so it is then taken from the disk. */
  private async sha256(): Promise<string | undefined> {
    if (this.version.size > HASHED) return undefined;
    if (this.resumedFrom === undefined) return this.sum.digest('hex');
    return this.context.local.sha256(namesOf(this.context, this.action).local);
  }

  private temporaryName(): RelPath {
    const { style } = this.context.naming;
    return style === 'in place' ? this.target : temporaryFor(this.target, this.tag, style);
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
  private async resumeOffset(lane: Lane): Promise<number> {
    const { context, source, version, temporary } = this;
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

  private async saveCheckpoint(): Promise<void> {
    const { temporary, version, action } = this;
    if (temporary === this.target) return;
    const checkpoint = { path: action.path, source: version, temporary, confirmed: 0 };
    await this.context.memory.saveCheckpoint({ ...checkpoint, direction: 'upload' });
  }

  /** Checks that the source stood still and what the server holds, sets the time, renames. Call once. */
  async publish(): Promise<Agreement> {
    const { context, action, target, version, temporary } = this;
    const lane = this.lane!;
    if (!(await this.source.unchanged())) {
      await this.discard();
      throw new ChangingError('it changed while it was sent');
    }
    const mtime = this.source.entry.mtime;
    const mode = context.modeOf(action);
    const staged = temporary !== target;
    // All of these travel in one flight; only the rename waits for what they say.
    const [, held, standing] = await Promise.all([
      mtime === null ? false : lane.setModified(temporary, mtime),
      lane.inspect(temporary),
      staged ? this.standing(lane) : null,
      mode === undefined ? false : lane.setMode(temporary, mode),
    ]);
    if (held.size !== null && held.size !== version.size) {
      await this.discard();
      throw new MismatchError(`the server holds ${held.size} of its ${version.size} bytes`);
    }
    if (staged) {
      if (!this.stillExpected(standing)) {
        await this.discard();
        throw new StaleError('it changed on the server since it was listed');
      }
      await publish(lane, context.memory, temporary, target, standing, this.style());
    }
    const sha256 = await this.sha256();
    return {
      path: action.path,
      kind: 'file',
      local: version,
      remote: { size: version.size, stamps: held.stamps },
      ...(sha256 === undefined ? {} : { sha256 }),
    };
  }

  /** What the server holds under the final name right now. */
  private async standing(lane: Lane): Promise<Fingerprint | null> {
    try {
      const { size, stamps } = await lane.inspect(this.target);
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

  /** Takes the temporary file away again. */
  async discard(): Promise<void> {
    await this.context.memory.dropCheckpoint(this.action.path, 'upload');
    if (this.temporary === this.target) return;
    try {
      await this.lane?.remove(this.temporary);
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
