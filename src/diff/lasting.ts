/**
 * Which marks of an agreement are worth remembering. A listing's date is exact to the minute: while that minute is not
 * over, the file can change once more, keep its size, and show the same date for ever after. The clock of a local file
 * system has its moments, too.
 */
import type { Agreement } from '../model/index.ts';

/**
 * ms: a day and two hours. The minute is that of the server's clock, which may be slow, or tell its own zone's time for
 * UTC: until a day is over nobody can say that the minute is. LIMIT: a clock that is slower still.
 */
const FRESH = 26 * 3600_000;

/**
 * The agreement without a date that may yet come to stand for other content, where a finer mark is there in its place:
 * the next run then asks for that one. LIMIT: on a server that says nothing finer, such an edit is not seen.
 *
 * @param now ms since the epoch, UTC
 */
export function lasting(agreement: Agreement, now: number): Agreement {
  const { list, ...finer } = agreement.remote.stamps;
  const exact = finer.mlst ?? finer.mdtm;
  if (list === undefined || exact === undefined || now - instantOfStamp(exact) >= FRESH) return agreement;
  return { ...agreement, remote: { ...agreement.remote, stamps: finer } };
}

/** ms for which a time in whole seconds can stand for more than one content: FAT counts in two of them. */
const MOMENT = 2_000;
/** ms by which a clock that gives such times, that of a network disk, may be ahead. */
const AHEAD = 60_000;

/**
 * The agreement without a local mark that was read in the very moment it tells of: the next run then goes by the hash.
 * LIMIT: what is too large to be hashed is told by its time alone; and so is what changes twice in the few ms for which
 * other clocks stand still.
 *
 * @param read when its content began to be read, in ms since the epoch, UTC
 */
export function lastingHere(agreement: Agreement, read: number): Agreement {
  const { stat, ...others } = agreement.local.stamps;
  if (stat === undefined || agreement.sha256 === undefined) return agreement;
  const mtime = Number.parseFloat(stat);
  const age = read - mtime;
  if (mtime % 1000 !== 0 || age < -AHEAD || age >= MOMENT) return agreement;
  return { ...agreement, local: { ...agreement.local, stamps: others } };
}

/** `YYYYMMDDHHMMSS`, in UTC (RFC 3659, 2.3); what is not of that form is taken for fresh. */
function instantOfStamp(stamp: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(stamp);
  if (!parts) return Number.POSITIVE_INFINITY;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
