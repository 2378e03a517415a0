/** Whether two fingerprints of one side are of the same version of a file. */
import type { Fingerprint, Stamps } from '../model/index.ts';

/**
 * Same size, and every mark that both carry is the same. With no mark in common the size alone decides: that is all
 * a server without times can tell.
 */
export function sameVersion(a: Fingerprint, b: Fingerprint): boolean {
  if (a.size !== b.size) return false;
  // The content itself, wherever it was seen: inodes and times are those of one checkout.
  if (a.stamps.sha256 !== undefined && b.stamps.sha256 !== undefined) return a.stamps.sha256 === b.stamps.sha256;
  for (const source of Object.keys(a.stamps) as (keyof Stamps)[]) {
    const x = a.stamps[source];
    const y = b.stamps[source];
    if (x === undefined || y === undefined) continue;
    // A LIST date loses its time of day once the file is half a year old.
    if (source === 'list' ? !(x.startsWith(y) || y.startsWith(x)) : x !== y) return false;
  }
  return true;
}
