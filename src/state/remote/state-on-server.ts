/**
 * Where the state of a job is on the server: one file in `.ferry`, below the job's remote folder. It is written under
 * another name and renamed, so that the name always holds a whole one. Where the server does not rename over a file, the
 * old one goes aside first, and is what counts until the new one is in place.
 */
import { createHash } from 'node:crypto';
import {
  type Inspection,
  type Lane,
  LostError,
  ProtocolError,
  type RelPath,
  type Remote,
  ReplyError,
  ROOT,
  StateError,
  toRelPath,
  UntrustedError,
} from '../../model/index.ts';

/** What Ferry keeps below a job's remote folder; in no tree, whatever the filters say. */
export const OWN_FOLDER = toRelPath('.ferry');

/** How often a save is begun anew when its connection is lost. */
const ATTEMPTS = 3;

export class StateOnServer {
  readonly path: RelPath;
  readonly #remote: Remote;
  readonly #temporary: RelPath;
  readonly #old: RelPath;
  /** The file as it was read or written last; null: there was none. */
  #known: Inspection | null = null;
  /** Whether a difference from what is known was looked for. */
  #checked = false;
  readonly #warn: (message: string) => void;

  /** `job` is what tells this job from others that use the same folder. */
  constructor(remote: Remote, job: string, warn: (message: string) => void) {
    const key = createHash('sha256')
      .update(JSON.stringify([job]))
      .digest('hex')
      .slice(0, 16);
    this.#remote = remote;
    this.#warn = warn;
    this.path = toRelPath(`${OWN_FOLDER}/state-${key}`);
    this.#temporary = toRelPath(`${this.path}.new`);
    this.#old = toRelPath(`${this.path}.old`);
  }

  /** Undefined where there is none. @throws StateError where there is one, or may be, and it cannot be had; UntrustedError. */
  async load(): Promise<Uint8Array | undefined> {
    const path = await this.#find();
    if (path === undefined) return undefined;
    const lane = await this.#remote.lane();
    try {
      const pieces: Uint8Array[] = [];
      // A piece is overwritten once it was handed over.
      await lane.read(path, { write: (piece) => void pieces.push(Uint8Array.from(piece)) });
      this.#known = await lane.inspect(path);
      const bytes = Buffer.concat(pieces);
      const { size } = this.#known;
      if (size !== null && size !== bytes.length) {
        throw this.#unusable(`${bytes.length} of its ${size} bytes could be read`, { retryable: true });
      }
      return bytes;
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      throw this.#unusable(`it could not be read: ${error.message}`, { retryable: error.retryable, cause: error });
    } finally {
      lane.release();
    }
  }

  /** Puts a state out of the way without losing it. Resolves with its new name; undefined where there is none. */
  async setAside(now: Date): Promise<RelPath | undefined> {
    const path = await this.#find();
    if (path === undefined) return undefined;
    const stamp = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
    return this.#withLane(async (lane) => {
      // Two runs may set one aside within the second.
      for (let number = 1; ; number++) {
        const aside = toRelPath(`${this.path}.aside-${stamp}${number === 1 ? '' : `-${number}`}`);
        if ((await lane.find(aside)) !== null) continue;
        await lane.rename(path, aside);
        return aside;
      }
    });
  }

  /** Replaces the state as a whole. @throws StateError, LostError, ConnectError. */
  async save(bytes: Uint8Array): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#withLane((lane) => this.#saveBy(lane, bytes));
      } catch (error) {
        const lost = error instanceof LostError || error instanceof ProtocolError;
        if (lost && attempt < ATTEMPTS) continue;
        if (!(error instanceof ReplyError)) throw error;
        throw new StateError(
          `what this run did could not be remembered on the server: ${error.message}. ` +
            `Ferry needs to write below ${OWN_FOLDER} in the remote folder; or use "state": "local"`,
          { cause: error, unsaved: true },
        );
      }
    }
  }

  /** What is wrong with the state that is there, and what to do. */
  unusable(error: unknown): unknown {
    return error instanceof StateError ? this.#unusable(error.message, { cause: error }) : error;
  }

  #unusable(why: string, options?: ErrorOptions & { retryable?: boolean }): StateError {
    return new StateError(
      `the remembered state ${this.path} on the server cannot be used (${why}). Nothing was changed. ` +
        'Run with --adopt to learn the present agreement anew; what is there is then kept beside it',
      options,
    );
  }

  /** Where the state is; undefined only where it is known for certain that there is none. */
  async #find(): Promise<RelPath | undefined> {
    const listing = await this.#list();
    if (listing === undefined) return undefined;
    const has = (path: RelPath) => listing.entries.some((entry) => entry.path === path);
    if (has(this.path)) return this.path;
    if (has(this.#old)) return this.#old;
    if (listing.incomplete === undefined) return undefined;
    throw new UntrustedError(
      `it is not known whether there is a remembered state ${this.path} on the server: the listing of ${OWN_FOLDER} may be ` +
        `incomplete (${listing.incomplete}). Nothing was changed; run again`,
      { retryable: true },
    );
  }

  async #list() {
    try {
      return await this.#remote.list(OWN_FOLDER);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      const { message, retryable } = error;
      if (retryable || !(await this.#isAbsent(OWN_FOLDER))) {
        throw this.#unusable(`its folder could not be listed: ${message}`, { retryable, cause: error });
      }
      return undefined;
    }
  }

  /** A refusal may mean anything: the folder above tells. Where that is not there either, nothing is. */
  async #isAbsent(folder: RelPath): Promise<boolean> {
    try {
      const above = await this.#remote.list(ROOT);
      return above.incomplete === undefined && !above.entries.some(({ path }) => path === folder);
    } catch (error) {
      if (error instanceof ReplyError && error.reply === 550) return true;
      throw error;
    }
  }

  async #saveBy(lane: Lane, bytes: Uint8Array): Promise<void> {
    await this.#compare(lane);
    await lane.makeDirectory(OWN_FOLDER);
    await lane.write(this.#temporary, { chunks: (offset) => piecesOf(bytes, offset) });
    const held = await this.#held(lane, this.#temporary);
    if (held !== bytes.length) throw new LostError(`the server holds ${held} of ${bytes.length} bytes`);
    try {
      await lane.rename(this.#temporary, this.path);
    } catch (error) {
      if (!(error instanceof ReplyError) || error.retryable) throw error;
      await this.#swap(lane, error);
    }
    this.#known = await lane.inspect(this.path);
  }

  /** How many bytes of a file the server has. It is read where its size is not told: nothing goes by the word of a 226. */
  async #held(lane: Lane, path: RelPath): Promise<number> {
    const { size } = await lane.inspect(path);
    return size ?? lane.read(path, { write() {} });
  }

  async #swap(lane: Lane, refusal: ReplyError): Promise<void> {
    if ((await lane.find(this.path)) === null) throw refusal;
    if ((await lane.find(this.#old)) !== null) await lane.remove(this.#old);
    await lane.rename(this.path, this.#old);
    await lane.rename(this.#temporary, this.path);
    await lane.remove(this.#old);
  }

  /** Before the first save: is what is there still what this run began with? */
  async #compare(lane: Lane): Promise<void> {
    if (this.#checked) return;
    const now = await lane.find(this.path);
    // Asked once more by the next attempt to save: a run makes several, and none may write over it.
    if (this.#known === null && now !== null) {
      throw new StateError(
        `there is a state ${this.path} on the server that was not there when this run began; it is left as it is. ` +
          'Did another run of this job end meanwhile? "lock": "remote" keeps them apart; run again',
        { unsaved: true },
      );
    }
    this.#checked = true;
    if (now === null || this.#known === null) return;
    const same = now.size === this.#known.size && JSON.stringify(now.stamps) === JSON.stringify(this.#known.stamps);
    if (!same) {
      this.#warn(
        'another run of this job has written what it remembers since this one began; "lock": "remote" keeps them apart',
      );
    }
  }

  async #withLane<T>(act: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = await this.#remote.lane();
    try {
      return await act(lane);
    } finally {
      lane.release();
    }
  }
}

const PIECE = 256 * 1024;

async function* piecesOf(bytes: Uint8Array, offset: number): AsyncGenerator<Uint8Array> {
  for (let at = offset; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}
