/**
 * What the server holds of an upload while it is not complete: under which name, how much of it, and how it gets there.
 */
import { createHash, type Hash } from 'node:crypto';
import {
  type ByteSource,
  type Fingerprint,
  type Lane,
  type LocalSource,
  MismatchError,
  nameOf,
  type RelPath,
  ReplyError,
  type TransferAction,
} from '../model/index.ts';
import { isTemporary, type TemporaryStyle, temporaryFor } from '../model/temporary.ts';
import { type Course, isHashed, RESUMABLE, type TransferContext, tagOf, warnOnce } from './context.ts';
import { tailsAgree } from './resume.ts';
import { sameVersion } from './same-version.ts';
import { standing } from './standing.ts';
import { linesIn } from './text.ts';

export class RemotePart {
  /** Bytes that this attempt sent. */
  bytes = 0;
  /** Offset in bytes at which it went on, where it did not begin anew. */
  resumedFrom: number | undefined;
  /** Where the bytes go; the target itself where no temporary name is taken. */
  name: RelPath;
  /** Whether the server may hold something of ours under that name. */
  begun = false;
  /** Of the whole file, where the whole file was read on its way. */
  sum: Hash | undefined;
  private readonly context: TransferContext;
  private readonly action: TransferAction;
  private readonly course: Course;
  private readonly source: LocalSource;
  private readonly version: Fingerprint;
  private readonly target: RelPath;
  private readonly tag: string;
  /** Whether line ends are converted: what arrives is then of another size, and no part of it can be gone on from. */
  private readonly text: boolean;
  private lines = 0;
  /** Whether the server may hold a part of this very version. */
  private mayResume = false;
  /** Bytes of it that an earlier run knew to have arrived. */
  private confirmed = 0;

  constructor(
    context: TransferContext,
    action: TransferAction,
    course: Course,
    source: LocalSource,
    version: Fingerprint,
    target: RelPath,
  ) {
    this.context = context;
    this.action = action;
    this.course = course;
    this.source = source;
    this.version = version;
    this.target = target;
    this.tag = tagOf(version, context.salt);
    this.text = context.isText(action.path);
    this.name = this.temporary(context.naming.style);
  }

  /** Looks what an earlier attempt left, and journals this one before its first byte goes: the next run then knows what a kill left. */
  async journal(): Promise<void> {
    const { context, action, version } = this;
    const { attempt } = this.course;
    const { restart, append } = context.remote.capabilities;
    if ((restart || append || context.staged) && version.size > 0 && !this.text) {
      if (attempt > 1) this.mayResume = true;
      else if (version.size > RESUMABLE || context.staged) {
        const left = await context.memory.checkpoint(action.path, 'upload');
        this.mayResume = left?.temporary === this.name && sameVersion(left.source, version);
        if (this.mayResume) this.confirmed = left!.confirmed;
      }
    }
    if (attempt > 1) await this.noteOutdated();
    if (!context.naming.inPlace) await this.saveCheckpoint(this.confirmed);
  }

  private async noteOutdated(): Promise<void> {
    const left = await this.context.memory.checkpoint(this.action.path, 'upload');
    if (!left || sameVersion(left.source, this.version) || !isTemporary(nameOf(left.temporary))) return;
    this.course.outdated.add(left.temporary);
  }

  async saveCheckpoint(confirmed = 0): Promise<void> {
    const { name, version, action } = this;
    const checkpoint = { path: action.path, source: version, temporary: name, confirmed };
    await this.context.memory.saveCheckpoint({ ...checkpoint, direction: 'upload' });
  }

  /**
   * Writes under the first kind of name that the server takes. What one directory refuses another may take, so only a
   * kind that was seen to work is remembered.
   */
  async write(lane: Lane): Promise<void> {
    await this.dropOutdated(lane);
    const { naming, staged = false } = this.context;
    const hidden = naming.style === 'hidden' ? (['hidden', 'visible'] as const) : (['visible'] as const);
    const kinds = naming.inPlace ? (['in place', ...hidden] as const) : ([...hidden, 'in place'] as const);
    let refusal: unknown;
    for (const kind of kinds) {
      if (kind === 'in place' && (staged || !(await this.mayStoreInPlace(lane)))) continue;
      const name = kind === 'in place' ? this.target : this.temporary(kind);
      if (name !== this.name || naming.inPlace) {
        this.name = name;
        await this.saveCheckpoint();
      }
      try {
        await this.writeTo(lane);
        if (kind === 'in place') this.sayInPlace();
        else naming.style = kind;
        return;
      } catch (error) {
        if (!refusesName(error)) throw error;
        // Some servers refuse only once the file is there, and leave it.
        if (kind !== 'in place') await this.removeQuietly(lane, this.name);
        this.begun = false;
        refusal ??= error;
        await this.context.memory.dropCheckpoint(this.action.path, 'upload');
      }
    }
    throw refusal;
  }

  private async removeQuietly(lane: Lane, name: RelPath): Promise<void> {
    try {
      await lane.remove(name);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
    }
  }

  /** Goes on where an earlier attempt ended, if that can be; otherwise writes it anew. */
  private async writeTo(lane: Lane): Promise<void> {
    const { context, source, version, course, name } = this;
    const resumable = this.mayResume && name !== this.target;
    for (let offset = resumable ? await this.resumeOffset(lane) : 0; ; offset = 0) {
      this.begun = true;
      this.resumedFrom = offset > 0 ? offset : undefined;
      this.sum = offset === 0 && isHashed(context, version.size) ? createHash('sha256') : undefined;
      course.farthest = Math.max(course.farthest, offset);
      if (offset > 0 && offset === version.size) return;
      try {
        this.lines = 0;
        const countLines = (lines: number) => {
          this.lines += lines;
        };
        const sent = counted(source, this.sum, context, this.text ? countLines : undefined);
        this.bytes = await lane.write(name, sent, {
          ...(this.text ? { text: true } : { offset }),
          signal: context.signal,
          onBytes: (n) => context.moved('sent', n),
        });
        return;
      } catch (error) {
        // It had announced that it can go on, and cannot.
        if (offset === 0 || !refusesToGoOn(error)) throw error;
      }
    }
  }

  temporary(style: TemporaryStyle): RelPath {
    return temporaryFor(this.target, this.tag, style);
  }

  /** Storing in place can tear what is there, so only a free name is stored so, or one that we began ourselves. */
  private async mayStoreInPlace(lane: Lane): Promise<boolean> {
    const checkpoint = await this.context.memory.checkpoint(this.action.path, 'upload');
    if (checkpoint?.temporary === this.target) return true;
    return this.action.replaces === null && (await standing(lane, this.target)) === null;
  }

  private sayInPlace(): void {
    this.context.naming.inPlace = true;
    warnOnce(this.context, 'this server refuses temporary names: new files are stored in place, which is not atomic');
  }

  /** How many bytes of this very version the server already holds under the temporary name. */
  private async resumeOffset(lane: Lane): Promise<number> {
    const { context, source, version, name } = this;
    try {
      const held = (await lane.inspect(name)).size ?? 0;
      if (held === 0 || held > version.size) return 0;
      if (held === version.size && held === this.confirmed) return held;
      return (await tailsAgree(lane, name, source, held, context.signal)) ? held : 0;
    } catch (error) {
      // It is gone, or may not be read back.
      if (error instanceof ReplyError && !error.retryable) return 0;
      throw error;
    }
  }

  /** A server keeps the line ends of a text as they travel, CR LF, or as LF. */
  isWhole(held: number): boolean {
    if (!this.text) return held === this.version.size;
    return held === this.bytes || held === this.bytes - this.lines;
  }

  /** Takes away again what was begun. */
  async discard(lane: Lane): Promise<void> {
    try {
      await lane.remove(this.name);
    } catch (error) {
      // Where it is there still, the next run comes back for it.
      if (!(error instanceof ReplyError) || !(await isGone(lane, this.name))) return;
    }
    this.begun = false;
    await this.context.memory.dropCheckpoint(this.action.path, 'upload');
  }

  /** What an attempt at another version left when its connection went: this one's checkpoint has taken its place. */
  private async dropOutdated(lane: Lane): Promise<void> {
    const { outdated } = this.course;
    for (const name of outdated) {
      if (name !== this.name) await this.removeQuietly(lane, name);
      outdated.delete(name);
    }
  }
}

/** Of what could not be removed. */
async function isGone(lane: Lane, name: RelPath): Promise<boolean> {
  try {
    return (await lane.find(name)) === null;
  } catch {
    return false;
  }
}

/** Codes by which servers refuse a name, among other things (RFC 959, 4.2.2). */
function refusesName(error: unknown): boolean {
  return error instanceof ReplyError && (error.reply === 553 || error.reply === 550 || error.reply === 501);
}

function refusesToGoOn(error: unknown): boolean {
  if (error instanceof MismatchError) return true;
  return error instanceof ReplyError && !error.retryable && error.reply !== 452 && error.reply !== 552;
}

/** Bytes that are let go at once where a rate is set: a slow transfer must not look like a dead one. */
const PACED = 16 * 1024;

/** The source, hashed and paced on its way. */
function counted(
  source: ByteSource,
  sum: Hash | undefined,
  { pace, signal }: TransferContext,
  onLines?: (lines: number) => void,
): ByteSource {
  return {
    async *chunks(offset) {
      for await (const chunk of source.chunks(offset)) {
        sum?.update(chunk);
        onLines?.(linesIn(chunk));
        const step = pace ? PACED : chunk.length;
        for (let at = 0; at < chunk.length; at += step) {
          const piece = chunk.subarray(at, at + step);
          await pace?.(piece.length, signal);
          yield piece;
        }
      }
    },
  };
}
