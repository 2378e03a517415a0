/** Which snapshot was the newest at a time, and how such a time is written. */
import { parseDuration } from '../config/duration.ts';
import { printable, UsageError } from '../model/index.ts';
import { timeOfName } from './name.ts';
import type { Snapshot } from './store.ts';

/** For messages: what a time looks like. */
const A_TIME = 'a time, such as 2026-11-21, "2026-11-21 14:30" (UTC), 20261121T144158Z, or 3d for so long ago';
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MINUTE = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(Z|[+-]\d{2}:\d{2})?$/;
const AGO = /^\d+(?:\.\d+)?[smhd]$/;

/**
 * ms since the epoch. UTC where no zone is said. A day, or a minute, means its end: all that was made in it counts.
 * Throws a RangeError.
 */
export function parseAsOf(written: string, now: number): number {
  const text = written.trim();
  const [, day, minute, second, zone = 'Z'] = MINUTE.exec(text) ?? [];
  const time = DAY.test(text)
    ? Date.parse(`${text}T23:59:59.999Z`)
    : day !== undefined
      ? Date.parse(`${day}T${minute}${second ?? ':59'}.999${zone}`)
      : AGO.test(text)
        ? now - parseDuration(text)
        : (timeOfName(text) ?? Number.NaN);
  if (Number.isNaN(time)) throw new RangeError(`${JSON.stringify(written)} is not ${A_TIME}`);
  return time;
}

/** What is asked for: a snapshot by its name, or the newest at a time; the newest of all without either. */
export interface Wanted {
  readonly snapshot?: string | undefined;
  /** ms since the epoch, UTC. */
  readonly asOf?: number | undefined;
}

/** @param snapshots oldest first @throws UsageError where there is none, with those that there are. */
export function choose(snapshots: readonly Snapshot[], { snapshot, asOf }: Wanted, job: string): Snapshot {
  const [oldest, newest] = [snapshots[0], snapshots.at(-1)];
  if (!oldest || !newest) {
    throw new UsageError(`the job ${job} has no snapshot yet; "ferry backup ${job}" makes one`);
  }
  const list = `"ferry snapshots ${job}" lists them`;
  if (snapshot !== undefined) {
    const named = snapshots.find(({ name }) => name === snapshot);
    if (named) return named;
    throw new UsageError(`there is no snapshot ${printable(snapshot)} of ${job}; ${list}`);
  }
  if (asOf === undefined) return newest;
  const found = snapshots.findLast(({ time }) => time <= asOf);
  if (found) return found;
  const at = new Date(asOf).toISOString().slice(0, 16).replace('T', ' ');
  throw new UsageError(`no snapshot of ${job} is as old as ${at} UTC: the oldest one is ${oldest.name}; ${list}`);
}
