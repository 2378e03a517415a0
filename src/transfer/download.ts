/**
 * One file from the server to here: temporary name beside the target, size check, the source looked at once more,
 * fsync, modification time, rename. The target holds the whole old or the whole new bytes at every moment.
 */
import { createHash, type Hash } from 'node:crypto';
import {
  type Agreement,
  ChangingError,
  type Entry,
  type Fingerprint,
  fingerprintOf,
  type Lane,
  LocalError,
  type LocalStage,
  MismatchError,
  type RelPath,
  ReplyError,
  StaleError,
  type TransferAction,
} from '../model/index.ts';
import { temporaryFor } from '../model/temporary.ts';
import { type Course, isHashed, namesOf, RESUMABLE, type Transfer, type TransferContext, tagOf } from './context.ts';
import { tailsAgree } from './resume.ts';
import { sameVersion } from './same-version.ts';
import { linesIn } from './text.ts';

/** One attempt at one download. */
export class Download implements Transfer {
  readonly action: TransferAction;
  readonly attempt: number;
  bytes = 0;
  resumedFrom: number | undefined;
  private readonly context: TransferContext;
  private readonly names: { readonly local: RelPath; readonly remote: RelPath };
  private readonly temporary: RelPath;
  private readonly course: Course;
  /** The source as it was before the first byte. */
  private version: Fingerprint;
  private sum: Hash = createHash('sha256');
  private stage: LocalStage;
  private readonly hashed: boolean;
  private lane: Lane | undefined;
  /** Whether line ends are converted: what arrives is then of another size. */
  private readonly text: boolean;
  private travelled = 0;
  private lines = 0;
  /** Settles with the server's word on the transfer. */
  private confirmed: Promise<void> = Promise.resolve();
  /** Whether the temporary file has come to its end: renamed, removed, or kept. */
  private ended = false;

  private constructor(
    context: TransferContext,
    action: TransferAction,
    course: Course,
    temporary: RelPath,
    stage: LocalStage,
  ) {
    this.context = context;
    this.action = action;
    this.course = course;
    this.attempt = course.attempt;
    this.version = action.source;
    this.names = namesOf(context, action);
    this.temporary = temporary;
    this.stage = stage;
    this.hashed = isHashed(context, action.size) || action.source.stamps.sha256 !== undefined;
    this.text = context.isText(action.path);
  }

  /**
   * Opens the temporary file, journalled before it exists, so that whatever a kill leaves is known to the next run.
   */
  static async open(context: TransferContext, action: TransferAction, course: Course): Promise<Download> {
    const { local: target } = namesOf(context, action);
    const temporary = temporaryFor(target, tagOf(action.source, context.salt));
    const resume = await mayResume(context, action, temporary);
    const checkpoint = { path: action.path, source: action.source, temporary, confirmed: 0 };
    await context.memory.saveCheckpoint({ ...checkpoint, direction: 'download' });
    const stage = await context.local.stage(target, temporary, resume);
    return new Download(context, action, course, temporary, stage);
  }

  /** Receives the bytes. @throws MismatchError when other than the server had said; what came is kept for a resume. */
  async move(lane: Lane): Promise<void> {
    const { context, names, action } = this;
    const { signal } = context;
    const { size } = action.source;
    this.lane = lane;
    const looking = this.lookCloser(lane);
    looking.catch(() => undefined);
    for (let offset = await this.resumeOffset(lane); ; offset = 0) {
      this.resumedFrom = offset > 0 ? offset : undefined;
      this.course.farthest = Math.max(this.course.farthest, offset);
      if (offset > 0 && offset === size) break;
      const sink = { write: this.receive.bind(this) };
      this.travelled = this.lines = 0;
      const onBytes = (n: number) => {
        this.travelled += n;
        context.moved('received', n);
      };
      const from = this.text ? { text: true } : { offset };
      try {
        await this.receiveAll((onReceived) => lane.read(names.remote, sink, { ...from, signal, onBytes, onReceived }));
        this.bytes = this.stage.size - offset;
        break;
      } catch (error) {
        // A full disk is no place for a part that may never be completed.
        if (error instanceof LocalError) await this.discard();
        // It had announced that it can go on, and cannot.
        if (offset === 0 || !(error instanceof ReplyError) || error.retryable) throw error;
        await this.beginAnew();
      }
    }
    await looking;
    if (!this.isWhole()) throw new MismatchError(`${this.stage.size} of its ${size} bytes arrived`);
  }

  /** LIMIT: a text that is stored with line ends of both kinds could lack as many bytes as it has of the longer kind. */
  private isWhole(): boolean {
    const { size } = this.action.source;
    if (!this.text) return this.stage.size === size;
    return this.travelled >= size && this.travelled <= size + this.lines;
  }

  /** Resolves when all bytes are here; whether the server confirms them, {@link publish} waits for. */
  private async receiveAll(read: (onReceived: () => void) => Promise<number>): Promise<void> {
    await new Promise<void>((received, failed) => {
      const confirmed = read(received).then(() => received());
      this.confirmed = confirmed;
      confirmed.catch(failed);
    });
  }

  /**
   * A listing's date is too coarse to tell two versions of one size apart, so the file itself is asked for its time,
   * before and after.
   */
  private async lookCloser(lane: Lane): Promise<void> {
    const { mlst, mdtm } = this.context.remote.capabilities;
    const { stamps } = this.version;
    if ((!mlst && !mdtm) || stamps.mlst !== undefined || stamps.mdtm !== undefined) return;
    try {
      const now = await lane.inspect(this.names.remote);
      this.version = { ...this.version, stamps: { ...stamps, ...now.stamps } };
    } catch (error) {
      if (!(error instanceof ReplyError) || error.retryable) throw error;
    }
  }

  /** How many bytes are here already that the source begins with. */
  private async resumeOffset(lane: Lane): Promise<number> {
    const offset = this.stage.size;
    if (offset === 0) return 0;
    try {
      const { signal } = this.context;
      const fits = offset <= this.action.source.size;
      if (fits && (await tailsAgree(lane, this.names.remote, this.stage, offset, signal))) return offset;
    } catch (error) {
      if (!(error instanceof ReplyError) || error.retryable) throw error;
    }
    await this.beginAnew();
    return 0;
  }

  private async beginAnew(): Promise<void> {
    await this.stage.discard();
    this.stage = await this.context.local.stage(this.names.local, this.temporary, false);
    this.sum = createHash('sha256');
  }

  async publish(): Promise<Agreement> {
    const { action } = this;
    const [{ size, stamps, mtime }] = await Promise.all([this.lookAgain(), this.confirmed]);
    if (!sameVersion({ size: size ?? action.size, stamps }, this.version)) {
      await this.discard();
      throw new ChangingError('it changed on the server while it was received');
    }
    await this.requireContent();
    const entry = await this.commit(mtime ?? action.mtime);
    const sha256 = await this.sha256();
    return {
      path: action.path,
      kind: 'file',
      local: fingerprintOf(entry),
      remote: { size: action.size, stamps: { ...this.version.stamps, ...stamps } },
      ...(sha256 === undefined ? {} : { sha256 }),
    };
  }

  /** Where the content is known that has to come, nothing else gets the name. */
  private async requireContent(): Promise<void> {
    const { sha256 } = this.action.source.stamps;
    if (sha256 === undefined || this.sum.digest('hex') === sha256) return;
    await this.discard();
    throw new MismatchError('its content is not what it was: its SHA-256 is another', { retryable: false });
  }

  /** The source as it is after the last byte. One that is gone leaves nothing behind here. */
  private async lookAgain() {
    try {
      return await this.lane!.inspect(this.names.remote);
    } catch (error) {
      if (error instanceof ReplyError && !error.retryable) await this.discard();
      throw error;
    }
  }

  async discard(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    await this.stage.discard();
    await this.context.memory.dropCheckpoint(this.action.path, 'download');
  }

  /** Keeps what a later attempt can go on from, and nothing else. */
  async close(): Promise<void> {
    if (this.ended) return;
    const { size } = this.action;
    if (this.text || size <= RESUMABLE || this.stage.size === 0 || this.stage.size > size) return this.discard();
    this.ended = true;
    // What cannot be kept is no reason to forget what went wrong before.
    await this.stage.keep().catch(() => undefined);
  }

  private receive(chunk: Uint8Array): Promise<void> | void {
    const { pace, signal } = this.context;
    if (this.hashed) this.sum.update(chunk);
    if (this.text) this.lines += linesIn(chunk);
    const written = this.stage.write(chunk);
    const leave = pace?.(chunk.length, signal);
    return leave ? Promise.all([written, leave]).then(() => undefined) : written;
  }

  /** @param mtime asked of this very file, so that it is never coarser than a listing's. */
  private async commit(mtime: number | null): Promise<Entry> {
    const { action, context } = this;
    const mode = context.modeOf(action);
    try {
      const expected = action.replaces === null ? null : await this.expected();
      const entry = await this.stage.commit({ mtime, ...(mode === undefined ? {} : { mode }), expected });
      this.ended = true;
      return entry;
    } catch (error) {
      await this.discard();
      // Somebody else wrote here: to try again would be to overwrite it.
      if (error instanceof ChangingError) throw new StaleError('it changed here since it was looked at');
      throw error;
    }
  }

  /** The target as it is, if it still is what the plan saw. */
  private async expected(): Promise<Entry | null> {
    const target = await this.context.local.look(this.names.local);
    if (target && this.action.replaces && !sameVersion(fingerprintOf(target), this.action.replaces)) {
      throw new StaleError('it changed here since it was looked at');
    }
    return target;
  }

  /** SHA-256 of what came; a resumed transfer saw only the end of the file, so it is then taken from the disk. */
  private async sha256(): Promise<string | undefined> {
    if (!this.hashed) return undefined;
    const { sha256 } = this.action.source.stamps;
    if (sha256 !== undefined) return sha256;
    if (this.resumedFrom === undefined) return this.sum.digest('hex');
    return this.context.local.sha256(this.names.local);
  }
}

async function mayResume(
  { memory, remote, isText }: TransferContext,
  action: TransferAction,
  temporary: RelPath,
): Promise<boolean> {
  // What went by before cannot be told by the hash of the rest.
  if (action.source.stamps.sha256 !== undefined) return false;
  if (action.size <= RESUMABLE || !remote.capabilities.restart || isText(action.path)) return false;
  const checkpoint = await memory.checkpoint(action.path, 'download');
  return checkpoint?.temporary === temporary && sameVersion(checkpoint.source, action.source);
}
