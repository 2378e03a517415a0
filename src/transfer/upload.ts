/**
 * One file from here to the server: temporary name, size check, modification time, rename. The final name holds the
 * whole old or the whole new bytes at every moment.
 */
import { createHash } from 'node:crypto';
import { lastingHere, outcomeOver } from '../diff/index.ts';
import {
  type Agreement,
  type ByteSource,
  ChangingError,
  FerryError,
  type Fingerprint,
  fingerprintOf,
  InterruptedError,
  type Lane,
  LocalError,
  type LocalSource,
  MismatchError,
  type RelPath,
  StaleError,
  type TransferAction,
} from '../model/index.ts';
import { type Course, isHashed, namesOf, type Transfer, type TransferContext, warnOnce } from './context.ts';
import { dressed } from './dressed.ts';
import { RemotePart } from './remote-part.ts';
import { sameVersion } from './same-version.ts';
import type { Staged } from './staged.ts';
import { standing } from './standing.ts';
import { publish } from './swap.ts';
import { tentatively } from './tentative.ts';

/**
 * One attempt at one upload. Only {@link move} needs a connection of its own; what {@link publish} asks of it travels
 * along while the connection already serves the next file.
 */
export class Upload implements Transfer {
  readonly action: TransferAction;
  readonly attempt: number;
  private readonly context: TransferContext;
  private readonly course: Course;
  private readonly source: LocalSource;
  /** The source as it was opened: what is sent, and what is remembered. */
  private readonly version: Fingerprint;
  /** In ms since the epoch, UTC. */
  private readonly openedAt: number;
  private readonly target: RelPath;
  /** What the server holds of it while it is not complete. */
  private readonly part: RemotePart;
  /** What an earlier attempt has put under the final name already, its reply having been lost. */
  private placed: Fingerprint | undefined;
  private lane: Lane | undefined;

  private constructor(
    context: TransferContext,
    action: TransferAction,
    course: Course,
    source: LocalSource,
    version: Fingerprint,
    openedAt: number,
  ) {
    this.context = context;
    this.action = action;
    this.course = course;
    this.attempt = course.attempt;
    this.source = source;
    this.version = version;
    this.openedAt = openedAt;
    this.target = namesOf(context, action).remote;
    this.part = new RemotePart(context, action, course, source, version, this.target);
  }

  get bytes(): number {
    return this.part.bytes;
  }

  get resumedFrom(): number | undefined {
    return this.part.resumedFrom;
  }

  /**
   * Opens the source and journals what is about to be written.
   * @throws LocalError; StaleError when a planned version is demanded and is no longer there.
   */
  static async open(context: TransferContext, action: TransferAction, course: Course): Promise<Upload> {
    const openedAt = Date.now();
    const source = await context.local.open(namesOf(context, action).local).catch((error: unknown) => {
      if (!(error instanceof LocalError) || error.errno !== 'ENOENT') throw error;
      throw new StaleError('it is gone since it was looked at');
    });
    try {
      const version = await versionOf(source, action.source, context);
      const upload = new Upload(context, action, course, source, version, openedAt);
      if (context.strict && !sameVersion(upload.version, action.source)) {
        throw new StaleError('it is no longer the version that was planned');
      }
      await upload.part.journal();
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
      if (!this.placed) await this.part.write(lane);
    });
  }

  /** Checks that the source stood still and what the server holds, sets the time, renames. Call once. */
  publish(): Promise<Agreement> {
    return this.clearingUp(async () => {
      const sha256 = await this.sha256();
      if (this.placed) return this.agreementOn(this.placed, sha256);
      return this.place(this.lane!, sha256);
    });
  }

  private agreementOn(remote: Fingerprint, sha256: string | undefined): Agreement {
    const { version: local, action } = this;
    const known = sha256 === undefined ? {} : { sha256 };
    return lastingHere({ path: action.path, kind: 'file', local, remote, ...known }, this.openedAt);
  }

  /**
   * As {@link publish}, all but the time and the rename: they are for the whole release, once everything else is there,
   * too. Until then it shows when it arrived, so that nobody takes it for what a run of long ago left behind.
   */
  stage(): Promise<Staged> {
    return this.clearingUp(async () => {
      const { action, attempt, bytes, resumedFrom, target, version } = this;
      const { held } = await this.verify(this.lane!, { waits: true });
      const sha256 = await this.sha256();
      // Complete: what is left of it by a kill is as good as sent.
      await this.part.saveCheckpoint(version.size);
      const { mtime } = this.source.entry;
      const agreement = this.agreementOn(held, sha256);
      return { action, attempt, bytes, resumedFrom, temporary: this.part.name, target, mtime, agreement };
    });
  }

  /** Takes away again what was begun. */
  async discard(): Promise<void> {
    // A connection that is gone says nothing: the next attempt, or the next run, finds what is left by the journal.
    if (this.lane?.alive) await this.part.discard(this.lane);
  }

  close(): Promise<void> {
    return this.source.close();
  }

  private async place(lane: Lane, sha256: string | undefined): Promise<Agreement> {
    const { context, action, target, version, course } = this;
    const { memory } = context;
    const { name } = this.part;
    const { held: placed, there } = await this.verify(lane);
    const outcome = this.agreementOn(placed, sha256);
    if (name === target) return outcome;
    course.placing = { source: version, placed };
    const options = {
      style: context.naming.style,
      // What an earlier attempt put there is no old version.
      keep: there && action.replaces && sameVersion(there, action.replaces) ? context.keep?.(target) : undefined,
      unkept: (error: Error) =>
        warnOnce(context, `the old version of some files could not be kept (${error.message})`, 'versions'),
    };
    await tentatively(memory, { path: action.path, name: target, outcome: outcomeOver(outcome, there) }, () =>
      publish(lane, memory, name, target, there, options),
    );
    return outcome;
  }

  /** Resolves with what is under the temporary name, whole and dressed, and what is under the final one. */
  private async verify(lane: Lane, { waits = false } = {}): Promise<{ held: Fingerprint; there: Fingerprint | null }> {
    const { context, action, target, version } = this;
    const { name } = this.part;
    if (!(await this.source.unchanged())) {
      await this.discard();
      throw new ChangingError('it changed while it was sent');
    }
    const mtime = this.source.entry.mtime;
    const mode = context.modeOf(action);
    const staged = name !== target;
    // All of these travel in one flight; only the rename waits for what they say.
    const [, held, there] = await Promise.all([
      mtime === null || waits ? false : this.dressed(lane.setModified(name, mtime), 'times'),
      lane.inspect(name),
      staged && !waits ? standing(lane, target) : null,
      mode === undefined ? false : this.dressed(lane.setMode(name, mode), 'permissions'),
    ]);
    if (held.size !== null && !this.part.isWhole(held.size)) {
      await this.discard();
      throw new MismatchError(`the server holds ${held.size} of its ${version.size} bytes`);
    }
    if (staged && !this.isExpected(there)) {
      await this.discard();
      throw new StaleError('it changed on the server since it was listed');
    }
    return { held: { size: held.size ?? version.size, stamps: held.stamps }, there };
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
      standing(lane, this.part.temporary('hidden')),
      standing(lane, this.part.temporary('visible')),
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
  private dressed(setting: Promise<boolean>, what: string): Promise<boolean> {
    return dressed(this.context, setting, what);
  }

  /** SHA-256 of the content; a resumed transfer saw only the end of the file, so it is then taken from the disk. */
  private async sha256(): Promise<string | undefined> {
    if (!isHashed(this.context, this.version.size)) return undefined;
    if (this.part.sum) return this.part.sum.digest('hex');
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
      if (this.part.begun && !stopped && !again) await this.discard();
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
