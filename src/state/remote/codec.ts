/** Single records of a state that travels. Nothing that only means something on one machine is in them. */
import type { Agreement, Checkpoint, RelPath, Stamps } from '../../model/index.ts';

type StoredAgreement = [kind: 0 | 1, localSize: number, remoteSize: number, remoteStamps: Stamps, sha256: string];

/** The hash in base64: a state is mostly hashes, and they do not compress. */
export function encodeAgreement({ kind, local, remote, sha256 }: Agreement): string {
  if (kind === 'directory') return '[1]';
  const hash = sha256 === undefined ? '' : /^[0-9a-f]{64}$/.test(sha256) ? packed(sha256) : `=${sha256}`;
  return JSON.stringify([0, local.size, remote.size, remote.stamps, hash] satisfies StoredAgreement);
}

export function decodeAgreement(path: RelPath, record: string): Agreement {
  const nothing = { size: 0, stamps: {} };
  if (isDirectory(record)) return { path, kind: 'directory', local: nothing, remote: nothing };
  const [, localSize, remoteSize, stamps, hash] = JSON.parse(record) as StoredAgreement;
  return {
    path,
    kind: 'file',
    local: { size: localSize, stamps: {} },
    remote: { size: remoteSize, stamps },
    ...(hash === '' ? {} : { sha256: hash.startsWith('=') ? hash.slice(1) : unpacked(hash) }),
  };
}

export function isDirectory(record: string): boolean {
  return record.startsWith('[1');
}

/** An unfinished transfer; `temporary` is hidden like any name. */
export interface Unfinished {
  readonly direction: Checkpoint['direction'];
  readonly temporary: string;
  readonly size: number;
  readonly stamps: Stamps;
  readonly confirmed: number;
}

export function encodeUnfinished({ direction, source, confirmed }: Checkpoint, temporary: string): string {
  // The inode of one machine says nothing on another.
  const { stat: _, ...stamps } = source.stamps;
  return JSON.stringify([direction, temporary, source.size, stamps, confirmed]);
}

export function decodeUnfinished(record: string): Unfinished {
  const [direction, temporary, size, stamps, confirmed] = JSON.parse(record) as [
    Checkpoint['direction'],
    string,
    number,
    Stamps,
    number,
  ];
  return { direction, temporary, size, stamps, confirmed };
}

function packed(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64url');
}

function unpacked(text: string): string {
  return Buffer.from(text, 'base64url').toString('hex');
}
