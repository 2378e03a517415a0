/**
 * One file from here to the server: temporary name, size check, modification time, rename. The final name holds the
 * whole old or the whole new bytes at every moment.
 */
import { createHash, type Hash } from 'node:crypto';
import {
  type Agreement,
  type ByteSource,
  ChangingError,
  FerryError,
  type Fingerprint,
  fingerprintOf,
  InterruptedError,
  type Lane,
  type LocalSource,
  MismatchError,
  type RelPath,
  ReplyError,
  StaleError,
  type TransferAction,
} from '../model/index.ts';
import { type TemporaryStyle, temporaryFor } from '../model/temporary.ts';
import { type Course, isHashed, namesOf, RESUMABLE, type Transfer, type TransferContext, tagOf } from './context.ts';
import { tailsAgree } from './resume.ts';
import { sameVersion } from './same-version.ts';
import type { Staged } from './staged.ts';
import { publish } from './swap.ts';
import { linesIn } from './text.ts';

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
  private readonly course: Course;
  private readonly source: LocalSource;
  /** The source as it was opened: what is sent, and what is remembered. */
  private readonly version: Fingerprint;
  private readonly target: RelPath;
  private readonly tag: string;
  /** Whether line ends are converted: what arrives is then of another size, and no part of it can be gone on from. */
  private readonly text: boolean;
  private lines = 0;
  /** Where the bytes go; the target itself where no temporary name is taken. */
  private name: RelPath;
  /** Whether the server may hold something of ours under that name. */
  private begun = false;
  /** Whether the server may hold a part of this very version. */
  private mayResume = false;
  /** Bytes of it that an earlier run knew to have arrived. */
  private confirmed = 0;
  /** Of the whole file, where the whole file was read on its way. */
  private sum: Hash | undefined;
  /** What an earlier attempt has put under the final name already, its reply having been lost. */
  private placed: Fingerprint | undefined;
  private lane: Lane | undefined;

  private constructor(
    context: TransferContext,
    action: TransferAction,
    course: Course,
    source: LocalSource,
    version: Fingerprint,
  ) {
    this.context = context;
    this.action = action;
    this.course = course;
    this.attempt = course.attempt;
    this.source = source;
    this.version = version;
    this.target = namesOf(context, action).remote;
    this.tag = tagOf(this.version, context.salt);
    this.text = context.isText(action.path);
    this.name = this.temporary(context.naming.style);
  }

  /**
   * Opens the source and journals what is about to be written.
   * @throws LocalError; StaleError when a planned version is demanded and is no longer there.
   */
  static async open(context: TransferContext, action: TransferAction, course: Course): Promise<Upload> {
    const source = await context.local.open(namesOf(context, action).local);
    try {
      const upload = new Upload(context, action, course, source, await versionOf(source, action.source, context));
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
    this.lane = lane;
    await this.clearingUp(async () => {
      this.placed = await this.placedAlready(lane);
      if (!this.placed) await this.write(lane);
    });
  }

  /** Checks that the source stood still and what the server holds, sets the time, renames. Call once. */
  publish(): Promise<Agreement> {
    return this.clearingUp(async () => {
      const remote = this.placed ?? (await this.place(this.lane!));
      const sha256 = await this.sha256();
      const { version, action } = this;
      return {
        path: action.path,
        kind: 'file',
        local: version,
        remote,
        ...(sha256 === undefined ? {} : { sha256 }),
      };
    });
  }

  /** As {@link publish}, all but the rename: that is for the whole release, once everything else is there, too. */
  stage(): Promise<Staged> {
    return this.clearingUp(async () => {
      const { action, attempt, bytes, resumedFrom, name, target, version } = this;
      const { held } = await this.verify(this.lane!, false);
      const sha256 = await this.sha256();
      const { size } = version;
      // Complete: what is left of it by a kill is as good as sent.
      await this.saveCheckpoint(size);
      const facts = { path: action.path, kind: 'file', local: version, remote: held } as const;
      const agreement = { ...facts, ...(sha256 === undefined ? {} : { sha256 }) };
      return { action, attempt, bytes, resumedFrom, temporary: name, target, agreement };
    });
  }

  /** Takes away again what was begun. */
  async discard(): Promise<void> {
    // A connection that is gone says nothing: the next attempt, or the next run, finds what is left by the journal.
    if (!this.lane?.alive) return;
    try {
      await this.lane.remove(this.name);
    } catch (error) {
      if (!(error instanceof ReplyError)) return;
    }
    this.begun = false;
    await this.context.memory.dropCheckpoint(this.action.path, 'upload');
  }

  close(): Promise<void> {
    return this.source.close();
  }

  /** Looks what an earlier attempt left, and journals this one before its first byte goes: the next run then knows what a kill left. */
  private async look(): Promise<void> {
    const { context, action, attempt, version } = this;
    const { restart, append } = context.remote.capabilities;
    if ((restart || append || context.staged) && version.size > 0 && !this.text) {
      if (attempt > 1) this.mayResume = true;
      else if (version.size > RESUMABLE || context.staged) {
        const left = await context.memory.checkpoint(action.path, 'upload');
        this.mayResume = left?.temporary === this.name && sameVersion(left.source, version);
        if (this.mayResume) this.confirmed = left!.confirmed;
      }
    }
    if (!context.naming.inPlace) await this.saveCheckpoint(this.confirmed);
  }

  private async saveCheckpoint(confirmed = 0): Promise<void> {
    const { name, version, action } = this;
    const checkpoint = { path: action.path, source: version, temporary: name, confirmed };
    await this.context.memory.saveCheckpoint({ ...checkpoint, direction: 'upload' });
  }

  /**
   * Writes under the first kind of name that the server takes. What one directory refuses another may take, so only a
   * kind that was seen to work is remembered.
   */
  private async write(lane: Lane): Promise<void> {
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
        if (kind !== 'in place') await this.dropRefused(lane);
        this.begun = false;
        refusal ??= error;
        await this.context.memory.dropCheckpoint(this.action.path, 'upload');
      }
    }
    throw refusal;
  }

  /** Some servers refuse only once the file is there, and leave it. */
  private async dropRefused(lane: Lane): Promise<void> {
    try {
      await lane.remove(this.name);
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

  private temporary(style: TemporaryStyle): RelPath {
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
    this.warnOnce('this server refuses temporary names: new files are stored in place, which is not atomic');
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

  /** Resolves with what the server then holds under the final name. */
  private async place(lane: Lane): Promise<Fingerprint> {
    const { context, action, target, version, name, course } = this;
    const { held: placed, there } = await this.verify(lane);
    if (name === target) return placed;
    course.placing = { source: version, placed };
    await publish(lane, context.memory, name, target, there, {
      style: context.naming.style,
      // What an earlier attempt put there is no old version.
      keep: there && action.replaces && sameVersion(there, action.replaces) ? context.keep?.(target) : undefined,
      unkept: (error) =>
        this.warnOnce(`the old version of some files could not be kept (${error.message})`, 'versions'),
    });
    return placed;
  }

  /** Resolves with what is under the temporary name, whole and dressed, and what is under the final one. */
  private async verify(lane: Lane, expecting = true): Promise<{ held: Fingerprint; there: Fingerprint | null }> {
    const { context, action, target, version, name } = this;
    if (!(await this.source.unchanged())) {
      await this.discard();
      throw new ChangingError('it changed while it was sent');
    }
    const mtime = this.source.entry.mtime;
    const mode = context.modeOf(action);
    const staged = name !== target;
    // All of these travel in one flight; only the rename waits for what they say.
    const [, held, there] = await Promise.all([
      mtime === null ? false : this.dressed(lane.setModified(name, mtime), 'times'),
      lane.inspect(name),
      staged && expecting ? standing(lane, target) : null,
      mode === undefined ? false : this.dressed(lane.setMode(name, mode), 'permissions'),
    ]);
    if (held.size !== null && !this.isWhole(held.size)) {
      await this.discard();
      throw new MismatchError(`the server holds ${held.size} of its ${version.size} bytes`);
    }
    if (staged && !this.isExpected(there)) {
      await this.discard();
      throw new StaleError('it changed on the server since it was listed');
    }
    return { held: { size: held.size ?? version.size, stamps: held.stamps }, there };
  }

  /** A server keeps the line ends of a text as they travel, CR LF, or as LF. */
  private isWhole(held: number): boolean {
    if (!this.text) return held === this.version.size;
    return held === this.bytes || held === this.bytes - this.lines;
  }

  /**
   * What an earlier attempt placed, if it was done all but for a reply: the temporary file is gone, and what it was to
   * become is under the final name.
   */
  private async placedAlready(lane: Lane): Promise<Fingerprint | undefined> {
    const { placing } = this.course;
    if (!placing || !sameVersion(placing.source, this.version)) return undefined;
    const [there, ...left] = await Promise.all([
      standing(lane, this.target),
      standing(lane, this.temporary('hidden')),
      standing(lane, this.temporary('visible')),
    ]);
    const gone = left.every((one) => one === null);
    return gone && there !== null && sameVersion(there, placing.placed) ? placing.placed : undefined;
  }

  /** LIMIT: a server that refuses to tell of a file that is there (550) is taken at its word. */
  private isExpected(there: Fingerprint | null): boolean {
    const { replaces } = this.action;
    const { placing } = this.course;
    if (there === null) return true;
    // What an earlier attempt has put there is ours, though the source moved on since.
    if (placing && sameVersion(there, placing.placed)) return true;
    return replaces !== null && sameVersion(there, replaces);
  }

  /** A file without its time or its permissions is still the file: said once, and no reason to keep it back. */
  private async dressed(setting: Promise<boolean>, what: string): Promise<boolean> {
    try {
      return await setting;
    } catch (error) {
      if (!(error instanceof ReplyError) || error.retryable) throw error;
      const said = `${error.reply} ${error.text}`;
      this.warnOnce(`the server refuses to set ${what} of some files (${said}); their content is right`, what);
      return false;
    }
  }

  private warnOnce(message: string, about = message): void {
    const { naming, warn } = this.context;
    if (!naming.warned.has(about)) warn(message);
    naming.warned.add(about);
  }

  /** SHA-256 of the content; a resumed transfer saw only the end of the file, so it is then taken from the disk. */
  private async sha256(): Promise<string | undefined> {
    if (!isHashed(this.context, this.version.size)) return undefined;
    if (this.sum) return this.sum.digest('hex');
    const { sha256 } = this.version.stamps;
    if (sha256 !== undefined) return sha256;
    return this.context.local.sha256(namesOf(this.context, this.action).local);
  }

  /** After a failure that no further attempt follows, nothing of ours stays on the server. */
  private async clearingUp<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      const stopped = this.context.signal.aborted || error instanceof InterruptedError;
      const again = error instanceof FerryError && error.retryable;
      if (this.begun && !stopped && !again) await this.discard();
      throw error;
    }
  }
}

/** The version that was opened. Where versions are told apart by content, the hash is the plan's or is taken now. */
async function versionOf(
  source: LocalSource,
  planned: Fingerprint,
  { memory, strict }: TransferContext,
): Promise<Fingerprint> {
  const version = fingerprintOf(source.entry);
  const { sha256 } = planned.stamps;
  const wanted = memory.travels || (strict && sha256 !== undefined);
  if (!wanted) return version;
  const asPlanned =
    sha256 !== undefined && version.stamps.stat === planned.stamps.stat && version.size === planned.size;
  const hash = asPlanned ? sha256 : await hashOf(source);
  return { ...version, stamps: { ...version.stamps, sha256: hash } };
}

async function hashOf(source: ByteSource): Promise<string> {
  const sum = createHash('sha256');
  for await (const chunk of source.chunks(0)) sum.update(chunk);
  return sum.digest('hex');
}

/** What the server holds under a name right now; null where it says that there is nothing. */
async function standing(lane: Lane, name: RelPath): Promise<Fingerprint | null> {
  const found = await lane.find(name);
  return found && { size: found.size ?? 0, stamps: found.stamps };
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
