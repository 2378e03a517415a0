/**
 * Has a side moved since both agreed? Stamps are compared only with stamps from the same source, as they were printed,
 * so that time zones, clock skew and coarse clocks do not matter.
 */
import type { Fingerprint, Stamps } from '../model/index.ts';

// The most telling first: the first source that both have decides.
const SOURCES = ['stat', 'mlst', 'mdtm', 'list'] as const;

/** `none`: there is no source that both were read from. */
export function compareStamps(a: Stamps, b: Stamps): 'equal' | 'different' | 'none' {
  for (const source of SOURCES) {
    const x = a[source];
    const y = b[source];
    if (x === undefined || y === undefined) continue;
    // A server prints the short form of a date once the file is half a year old.
    const equal = source === 'list' ? x.startsWith(y) || y.startsWith(x) : x === y;
    return equal ? 'equal' : 'different';
  }
  return 'none';
}

/** `unsure`: the size is the same and no stamp settles it. A size of null is one that the server did not say. */
export function movement(
  now: { readonly size: number | null; readonly stamps: Stamps },
  agreed: Fingerprint,
): 'moved' | 'unmoved' | 'unsure' {
  if (now.size !== null && now.size !== agreed.size) return 'moved';
  const stamps = compareStamps(now.stamps, agreed.stamps);
  return stamps === 'equal' ? 'unmoved' : stamps === 'different' ? 'moved' : 'unsure';
}

/** What to remember of an unmoved side: the new stamps, and the old ones from sources that were not read this time. */
export function mergeStamps(agreed: Stamps, now: Stamps): Stamps {
  if (compareStamps(agreed, now) !== 'equal') return now;
  const merged = { ...agreed, ...now };
  // The long form of a date says more than the short one that came after it.
  if (agreed.list !== undefined && merged.list !== undefined && agreed.list.startsWith(merged.list))
    merged.list = agreed.list;
  return merged;
}

export function sameStamps(a: Stamps, b: Stamps): boolean {
  return SOURCES.every((source) => a[source] === b[source]);
}
