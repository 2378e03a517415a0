/** What became of a command whose reply was lost, by what the server shows now. Pure. */
import type { Agreement, Fingerprint, Sighting, Tentative } from '../model/index.ts';
import { movement } from './stamps.ts';

/** ms for which a command may still be carried out after its connection is gone: a server can be stuck on its disk. */
const LATE = 600_000;

/**
 * `done` only where there is exactly what the command was to bring about: a file by its size and a stamp from the same
 * source, so that nothing that anybody else put there is ever taken for ours. `open`: ask again in the next run.
 * LIMIT: on a server that says no times nothing is known for ours.
 *
 * @param now ms since the epoch, UTC
 */
export function outcomeOf(
  { outcome, since }: Tentative,
  sighting: Sighting,
  now: number,
): 'done' | 'not done' | 'open' {
  if (sighting.found === 'unknown') return 'open';
  if (isAs(outcome, sighting)) return 'done';
  return now - since < LATE ? 'open' : 'not done';
}

/** A hash that no content has. */
const UNKNOWN = 'unknown';

/**
 * What is to be journalled of a file that takes the place of `old`. Where both look the same (a build that gives every
 * file one time), nobody can tell afterwards which of the two is there: then what is here counts as changed, and goes.
 */
export function outcomeOver(outcome: Agreement, old: Fingerprint | null): Agreement {
  if (old === null || movement(old, outcome.remote) === 'moved') return outcome;
  return { ...outcome, local: { size: outcome.local.size, stamps: {} }, sha256: UNKNOWN };
}

function isAs(outcome: Tentative['outcome'], sighting: Exclude<Sighting, { found: 'unknown' }>): boolean {
  if (sighting.found === 'absent') return outcome === null;
  if (outcome === null || outcome.kind !== sighting.entry.kind) return false;
  return outcome.kind === 'directory' || movement(sighting.entry, outcome.remote) === 'unmoved';
}
