/**
 * One run at a time on a remote folder, whatever machine it is on (`lock: remote`). Who holds the lock shows a heartbeat;
 * one that was seen to stand still for long enough, on the clock of whoever looks, is taken over. No two clocks are ever
 * compared.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { FerryError, LockError, printable, type Remote } from '../../model/index.ts';
import { lifeOf, thisOwner } from '../owner.ts';
import { type Claim, LockFolder, type Notice } from './lock-folder.ts';

export interface ServerLockOptions {
  readonly job: string;
  /** Names this run: the same one where the lock is asked for again because an answer was lost. Default: a new one. */
  readonly id?: string;
  /** ms to wait for another run to end. */
  readonly wait: number;
  /** ms between heartbeats. */
  readonly beat: number;
  /** ms without a heartbeat after which others may take the lock over. */
  readonly staleAfter: number;
  /** Where this run's log can be read. */
  readonly run?: string | undefined;
  /** Told once when waiting begins. */
  readonly waiting: (message: string) => void;
  readonly signal: AbortSignal;
}

/** How often a lock that others hold is looked at, in ms, at most and at least. */
const LOOKS = { most: 2000, least: 50, tries: 5 };

export class ServerLock {
  readonly #folder: LockFolder;
  readonly #options: ServerLockOptions;
  #claim: Claim;
  #lost: LockError | undefined;
  #released = false;
  #beating: Promise<void> | undefined;
  /** When the last heartbeat that is known to have arrived was sent. */
  #beatAt = clocks();
  readonly #timer: NodeJS.Timeout;
  /** Told once when another run has taken the lock over. */
  onLost: ((error: LockError) => void) | undefined;

  constructor(folder: LockFolder, claim: Claim, options: ServerLockOptions) {
    this.#folder = folder;
    this.#claim = claim;
    this.#options = options;
    this.#timer = setInterval(() => void this.#beat().catch(() => {}), options.beat).unref();
  }

  /** Goes on over other connections. */
  use(remote: Remote): void {
    this.#folder.use(remote);
  }

  /**
   * Whether the lock is still held for certain. Nothing to wait for as long as a heartbeat has just got through; else
   * one is sent. @throws LockError where it was lost; whatever keeps the heartbeat from getting through.
   */
  hold(): Promise<void> | void {
    if (this.#lost) throw this.#lost;
    // A machine that slept has one clock that shows it.
    if (since(this.#beatAt) > this.#options.staleAfter / 3) return this.#beat();
  }

  /** Gives the lock back, if it is still ours. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    clearInterval(this.#timer);
    await this.#beating?.catch(() => {});
    if (this.#lost) return;
    await this.#folder.remove(this.#claim);
    await this.#folder.removeEmpty();
  }

  #beat(): Promise<void> {
    this.#beating ??= this.#beatOnce().finally(() => {
      this.#beating = undefined;
    });
    return this.#beating;
  }

  async #beatOnce(): Promise<void> {
    if (this.#released) return;
    const at = clocks();
    const next = { id: this.#claim.id, beat: this.#claim.beat + 1 };
    if (await this.#folder.rename(this.#claim, next)) {
      this.#claim = next;
    } else {
      // The answer to an earlier heartbeat may have been lost; nobody else renames it meanwhile.
      const own = (await this.#folder.look())?.find(({ id }) => id === next.id);
      if (!own) this.#lose();
      else this.#claim = own;
    }
    this.#beatAt = at;
  }

  #lose(): never {
    this.#lost = new LockError(
      'another run has taken over the lock on the server, because no heartbeat of this one got through for long; ' +
        'this run was stopped before it changed anything more. Run it again',
    );
    clearInterval(this.#timer);
    this.onLost?.(this.#lost);
    throw this.#lost;
  }
}

/** @throws LockError that names who holds it; what ends a run (a lost server, an abort). */
export async function acquireServerLock(remote: Remote, options: ServerLockOptions): Promise<ServerLock> {
  const folder = new LockFolder(remote);
  const claim: Claim = { id: options.id ?? randomUUID(), beat: 0 };
  await new Queue(folder, claim, options).wait();
  return new ServerLock(folder, claim, options);
}

/** Who holds the lock of a remote folder. */
export interface ServerLockState {
  readonly claims: readonly Claim[];
  readonly notice: Notice | undefined;
  /** `alive`: seen to be. `dead`: seen to be, on this machine. `still`: no heartbeat while it was looked at. */
  readonly life: 'alive' | 'dead' | 'still';
}

/** Looks for as long as two heartbeats may take; null where nobody holds it. */
export async function inspectServerLock(remote: Remote, beat: number): Promise<ServerLockState | null> {
  const folder = new LockFolder(remote);
  let claims = await folder.look();
  let notice: Notice | undefined;
  // A heartbeat can slip away from under the look at it.
  for (let attempt = 1; claims !== null && !notice && attempt <= LOOKS.tries; attempt++) {
    notice = claims[0] && (await folder.read(claims[0]));
    if (!notice) claims = await folder.look();
  }
  if (claims === null) return null;
  const life = notice ? lifeOf(notice.owner) : 'unseen';
  if (life !== 'unseen') return { claims, notice, life };
  await pause(beat * 2);
  const later = await folder.look();
  if (later === null) return null;
  return { claims: later, notice, life: nameOf(later) === nameOf(claims) ? 'still' : 'alive' };
}

/** A heartbeat can slip away from under a removal so often before it is no accident. */
const REMOVALS = 50;

/** Removes a lock as it was seen. @throws LockError where that did not succeed. */
export async function breakServerLock(remote: Remote, { claims }: ServerLockState): Promise<void> {
  const folder = new LockFolder(remote);
  for (let attempt = 1; attempt <= REMOVALS; attempt++) {
    const there = await folder.look();
    if (there === null) return;
    for (const claim of there) if (claims.some(({ id }) => id === claim.id)) await folder.remove(claim);
    // A listing may show a file that is just being renamed under neither name: only a folder that is gone is proof.
    if (there.length === 0) await folder.removeEmpty();
    else if (there.every((claim) => claims.every(({ id }) => id !== claim.id))) return;
  }
  throw new LockError(
    'the lock on the server could not be removed; see whether the login may delete below .ferry/lock',
  );
}

export function sayHolder(notice: Notice | undefined): string {
  if (!notice) return 'a run that did not say who it is';
  const { owner, run } = notice;
  const where = run === undefined ? '' : `, ${printable(run)}`;
  return `the job ${printable(owner.job)}, process ${owner.pid} on ${printable(owner.host)}, since ${printable(owner.since)}${where}`;
}

/** What was seen of one claim so far. */
interface Watched extends Claim {
  /** When its last heartbeat was seen, or it itself. */
  readonly since: number;
  readonly notice: Notice | undefined;
  /** Whether a heartbeat was seen, or its process. */
  readonly alive: boolean;
  /** Whether nobody is behind it any more. */
  readonly over: boolean;
}

const EMPTY: Claim = { id: '', beat: 0 };

/** One run's way to the lock. */
class Queue {
  readonly #folder: LockFolder;
  readonly #claim: Claim;
  readonly #options: ServerLockOptions;
  readonly #notice: Notice;
  #watched: readonly Watched[] = [];
  /** How often in a row the folder could not be made. */
  #refusals = 0;

  constructor(folder: LockFolder, claim: Claim, options: ServerLockOptions) {
    const { job, staleAfter, run } = options;
    this.#folder = folder;
    this.#claim = claim;
    this.#options = options;
    this.#notice = { id: claim.id, owner: thisOwner(job), staleAfter, ...(run === undefined ? {} : { run }) };
  }

  async wait(): Promise<void> {
    const { wait, waiting, signal, beat } = this.#options;
    const until = performance.now() + wait;
    let told = false;
    for (let looks = 1; ; looks++) {
      signal.throwIfAborted();
      if ((await this.#makeFolder()) && (await this.#enter())) return;
      const claims = await this.#folder.look();
      if (claims === null) continue;
      if (claims.some(({ id }) => id === this.#claim.id)) {
        if (await this.#enter()) return;
        continue;
      }
      await this.#watch(claims);
      const holder = this.#watched.find(({ over }) => !over);
      if (!holder) {
        if (await this.#takeOver(claims)) return;
        continue;
      }
      // One that stands still may be dead: then it is waited for until that is clear, wished for or not.
      const { alive, notice } = holder;
      // Its heartbeat can slip away from under the look at what it says of itself.
      const named = notice !== undefined || looks >= LOOKS.tries;
      if (alive && named && performance.now() >= until) throw new LockError(this.#sayHeld(notice));
      if (!told && named && (wait > 0 || !alive)) {
        const why = wait > 0 ? 'waiting' : 'looking whether it still runs';
        waiting(`${why}: the lock on the server is held by ${sayHolder(notice)}`);
        told = true;
      }
      await pause(Math.max(LOOKS.least, Math.min(LOOKS.most, beat / 2)), undefined, { signal }).catch(() => {});
    }
  }

  /** Holds what is there now against what was there before, each claim by itself: another's leftover says nothing of it. */
  async #watch(claims: readonly Claim[]): Promise<void> {
    const now = performance.now();
    const watched: Watched[] = [];
    // A folder without a claim is that of a run that has just made it, or was killed then.
    for (const claim of claims.length === 0 ? [EMPTY] : claims) {
      const before = this.#watched.find(({ id }) => id === claim.id);
      const moved = before !== undefined && before.beat !== claim.beat;
      const notice = before?.notice ?? (claim === EMPTY ? undefined : await this.#folder.read(claim));
      const life = notice ? lifeOf(notice.owner) : 'unseen';
      const since = before && !moved ? before.since : now;
      const stale = now - since >= (notice?.staleAfter ?? this.#options.staleAfter);
      const alive = life === 'alive' || moved || (before?.alive ?? false);
      watched.push({ ...claim, since, notice, alive, over: life === 'dead' || stale });
    }
    this.#watched = watched;
  }

  async #makeFolder(): Promise<boolean> {
    try {
      const made = await this.#folder.make();
      this.#refusals = 0;
      return made;
    } catch (error) {
      if (!(error instanceof FerryError) || error.code !== 'reply' || error.retryable) throw error;
      // It may have been there, and gone by the time that was looked at: its holder was through.
      if (++this.#refusals < LOOKS.tries) return false;
      throw new LockError(
        `the lock on the server cannot be made: ${error.message}. Ferry needs to write below .ferry in the remote folder; or use "lock": "local"`,
        { cause: error },
      );
    }
  }

  /** Holds the lock if, with one's own claim in the folder, nobody else's is there. Else the claim is withdrawn. */
  async #enter(): Promise<boolean> {
    if (!(await this.#folder.write(this.#claim, this.#notice))) return false;
    // Twice: a listing may miss a file that is just being renamed, which is what a heartbeat does.
    if ((await this.#isAlone()) && (await this.#isAlone())) return true;
    await this.#folder.remove(this.#claim);
    // Of two who met, each waits for a time of its own.
    await pause(Math.random() * LOOKS.least * 4);
    return false;
  }

  async #isAlone(): Promise<boolean> {
    const claims = await this.#folder.look();
    return claims?.length === 1 && claims[0]!.id === this.#claim.id;
  }

  /** Nobody is behind these claims: one becomes ours, unless it moved after all, or somebody else was first. */
  async #takeOver(claims: readonly Claim[]): Promise<boolean> {
    const [first, ...more] = claims;
    if (!first) {
      await this.#folder.removeEmpty();
      return false;
    }
    for (const other of more) await this.#folder.remove(other);
    return (await this.#folder.rename(first, this.#claim)) && this.#enter();
  }

  #sayHeld(notice: Notice | undefined): string {
    return (
      `another run holds the lock on the server: ${sayHolder(notice)}. ` +
      `Wait for it (--wait 5m), or stop it; should it be gone, "ferry unlock ${printable(this.#options.job)}" removes the lock`
    );
  }
}

function nameOf(claims: readonly Claim[]): string {
  return claims
    .map(({ id, beat }) => `${id}.${beat}`)
    .sort()
    .join(' ');
}

/** Two clocks: one that is never set, and one that goes on while the machine sleeps. */
function clocks(): { readonly steady: number; readonly wall: number } {
  return { steady: performance.now(), wall: Date.now() };
}

function since({ steady, wall }: ReturnType<typeof clocks>): number {
  return Math.max(performance.now() - steady, Date.now() - wall);
}
