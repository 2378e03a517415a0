/** One file, directory or link with the facts that were observed about it. */
import type { RelPath } from './path.ts';

/** What an entry is; `other` is a device, a socket or something that could not be told. */
export type EntryKind = 'file' | 'directory' | 'link' | 'other';

/** The two sides of a pair. */
export type Side = 'local' | 'remote';

/**
 * Marks that stay equal as long as a file is not touched, each under the name of what it was read from. They are only
 * ever compared with a mark from the same source, so time zones, clock skew and minute precision do not matter.
 * - `stat`: local, `<mtime in ms, with its fraction>:<inode>`
 * - `mlst`: the `modify` fact as the server printed it (RFC 3659, 7.5.3)
 * - `mdtm`: the reply to MDTM as the server printed it (RFC 3659, 3)
 * - `list`: the date of a LIST line as `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM`, in the server's own zone. A server prints
 *   the short form once a file is half a year old, so one being the beginning of the other means equal.
 * - `sha256`: local, the content's hash in hexadecimal, where a version has to be known in other checkouts too; it then
 *   says more than `stat`. With the source of a download: the content that has to come
 */
export type Stamps = Readonly<Partial<Record<'stat' | 'mlst' | 'mdtm' | 'list' | 'sha256', string>>>;

/** One file, directory or link, with its observed facts. */
export interface Entry {
  readonly path: RelPath;
  readonly kind: EntryKind;
  /** Bytes; null for what is not a file, or where the server did not say. */
  readonly size: number | null;
  /** When the content last changed, in ms since the epoch, UTC; null where nothing said. */
  readonly mtime: number | null;
  /** How fine `mtime` is, in ms: 1, 1,000 (MDTM), 60,000 or 86,400,000 (LIST). */
  readonly precision: number;
  /** Whether `mtime` is known to be UTC: false for a LIST line of a server whose zone was not measured. */
  readonly zoned: boolean;
  readonly stamps: Stamps;
  /** Permission bits, where known. */
  readonly mode?: number;
}

/** What one side looked like when both agreed. */
export interface Fingerprint {
  /** Bytes; 0 for a directory. */
  readonly size: number;
  readonly stamps: Stamps;
}

/** What a path's content was agreed to be, on both sides, by an earlier run. The set of them is the baseline. */
export interface Agreement {
  readonly path: RelPath;
  readonly kind: 'file' | 'directory';
  readonly local: Fingerprint;
  readonly remote: Fingerprint;
  /** SHA-256 of the content in hexadecimal, where it was computed. */
  readonly sha256?: string;
}

/** The fingerprint of an entry as it was observed. */
export function fingerprintOf(entry: Entry): Fingerprint {
  return { size: entry.size ?? 0, stamps: entry.stamps };
}
