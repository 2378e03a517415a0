/** What to remember of a file or directory that is the same on both sides. */
import type { Agreement, Entry, Fingerprint, RelPath, Stamps } from '../model/index.ts';
import type { Evidence } from './evidence.ts';
import { compareStamps, mergeStamps, sameStamps } from './stamps.ts';

interface Pair {
  readonly path: RelPath;
  readonly local: Entry;
  readonly remote: Entry;
  readonly agreed?: Agreement;
}

export function agreementOf(pair: Pair, evidence: Evidence): Agreement {
  const { path, agreed } = pair;
  // A server that does not say a size was believed on other grounds; of a text each side may have its own.
  const size = pair.local.size ?? pair.remote.size ?? 0;
  const told = evidence.remoteTime.get(path)?.stamps;
  // Asked for the mark that is remembered, the server had no answer: that mark stays, as a coarser one in its place
  // would call equal what nobody compared.
  const asked = evidence.remoteTime.has(path) && !hasExact(told ?? {});
  const unanswered = agreed !== undefined && asked && hasExact(agreed.remote.stamps);
  const local = { size, stamps: remembered(agreed?.local, pair.local.stamps) };
  const remote = {
    size: pair.remote.size ?? size,
    stamps: unanswered
      ? agreed.remote.stamps
      : remembered(agreed?.remote, told ? { ...told, ...pair.remote.stamps } : pair.remote.stamps),
  };
  const sha256 = evidence.localSha256.get(path) ?? hashStillValid(pair);
  return { path, kind: 'file', local, remote, ...(sha256 ? { sha256 } : {}) };
}

/** Directories are remembered by name alone: what is in them has agreements of its own. */
export function directoryAgreement(path: RelPath): Agreement {
  return { path, kind: 'directory', local: { size: 0, stamps: {} }, remote: { size: 0, stamps: {} } };
}

function hasExact({ mlst, mdtm }: Stamps): boolean {
  return (mlst ?? mdtm) !== undefined;
}

/** Whether nothing new would be remembered. */
export function sameAgreement(a: Agreement, b: Agreement): boolean {
  return (
    a.path === b.path &&
    a.kind === b.kind &&
    a.sha256 === b.sha256 &&
    alike(a.local, b.local) &&
    alike(a.remote, b.remote)
  );
}

function alike(a: Fingerprint, b: Fingerprint): boolean {
  return a.size === b.size && sameStamps(a.stamps, b.stamps);
}

function remembered(agreed: Fingerprint | undefined, now: Stamps): Stamps {
  return agreed ? mergeStamps(agreed.stamps, now) : now;
}

/** The agreed hash is still that of the local content as long as the local stamp is the same. */
function hashStillValid({ local, agreed }: Pair): string | undefined {
  if (agreed?.sha256 === undefined || local.size !== agreed.local.size) return undefined;
  return compareStamps(local.stamps, agreed.local.stamps) === 'equal' ? agreed.sha256 : undefined;
}
