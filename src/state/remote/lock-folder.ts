/**
 * The folder on the server that stands for a lock, and what can be done to it in one step that the server carries out
 * for one client only: making it (MKD), and renaming the one file in it, which is named after its owner and a count.
 * Renaming it by its exact name is a compare-and-swap: it fails where anyone, the owner included, was there first.
 */
import { type Lane, LockError, type RelPath, type Remote, ReplyError, toRelPath } from '../../model/index.ts';
import type { Owner } from '../owner.ts';
import { OWN_FOLDER } from './state-on-server.ts';

const FOLDER = toRelPath(`${OWN_FOLDER}/lock`);
const CLAIM = /^([0-9a-f-]{36})\.(\d+)$/;

/** The file of an owner: its count grows with each heartbeat. */
export interface Claim {
  readonly id: string;
  readonly beat: number;
}

/** What an owner says of itself, for people and for those who wait. */
export interface Notice {
  /** That of its claim: one that was taken over still holds the notice of the owner before, for a moment. */
  readonly id: string;
  readonly owner: Owner;
  /** Where its log can be read, in CI. */
  readonly run?: string;
  /** ms without a heartbeat after which others may take the lock over. */
  readonly staleAfter: number;
}

export class LockFolder {
  #remote: Remote;

  constructor(remote: Remote) {
    this.#remote = remote;
  }

  /** Goes on over other connections. */
  use(remote: Remote): void {
    this.#remote = remote;
  }

  /** The claims in the folder; null where there is no folder, so that nobody holds the lock. */
  async look(): Promise<readonly Claim[] | null> {
    try {
      const { entries, incomplete } = await this.#remote.list(FOLDER);
      if (incomplete !== undefined) throw new LockError(`the lock on the server could not be looked at: ${incomplete}`);
      return entries.flatMap(({ path }) => {
        const [, id, beat] = CLAIM.exec(path.slice(FOLDER.length + 1)) ?? [];
        return id === undefined ? [] : [{ id, beat: Number(beat) }];
      });
    } catch (error) {
      if (error instanceof ReplyError && error.reply === 550) return null;
      throw error;
    }
  }

  /** Makes the folder; false where it is there already. */
  make(): Promise<boolean> {
    return this.#withLane(async (lane) => {
      await lane.makeDirectory(OWN_FOLDER);
      return lane.claimDirectory(FOLDER);
    });
  }

  /** Removes the folder where it is empty. */
  async removeEmpty(): Promise<void> {
    await this.#quietly((lane) => lane.removeDirectory(FOLDER));
  }

  /** Puts a claim there; false where the folder is gone. */
  write(claim: Claim, notice: Notice): Promise<boolean> {
    const bytes = Buffer.from(`${JSON.stringify(notice)}\n`);
    return this.#attempt((lane) => lane.write(pathOf(claim), { chunks: async function* () { yield bytes; } })); // biome-ignore format: one thought
  }

  /** False where it was not there. */
  rename(from: Claim, to: Claim): Promise<boolean> {
    return this.#attempt((lane) => lane.rename(pathOf(from), pathOf(to)));
  }

  async remove(claim: Claim): Promise<void> {
    await this.#quietly((lane) => lane.remove(pathOf(claim)));
  }

  /** Undefined where it has gone meanwhile, or is not written to its end yet. */
  async read(claim: Claim): Promise<Notice | undefined> {
    const pieces: Buffer[] = [];
    const write = (piece: Uint8Array) => void pieces.push(Buffer.from(piece));
    if (!(await this.#attempt((lane) => lane.read(pathOf(claim), { write })))) return undefined;
    try {
      const notice = JSON.parse(Buffer.concat(pieces).toString()) as Notice;
      const whole = typeof notice.owner.host === 'string' && typeof notice.staleAfter === 'number';
      return whole && notice.id === claim.id ? notice : undefined;
    } catch {
      return undefined;
    }
  }

  async #attempt(act: (lane: Lane) => Promise<unknown>): Promise<boolean> {
    try {
      await this.#withLane(act);
      return true;
    } catch (error) {
      if (error instanceof ReplyError && !error.retryable) return false;
      throw error;
    }
  }

  async #quietly(act: (lane: Lane) => Promise<unknown>): Promise<void> {
    await this.#attempt(act).catch(() => undefined);
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

function pathOf({ id, beat }: Claim): RelPath {
  return toRelPath(`${FOLDER}/${id}.${beat}`);
}
