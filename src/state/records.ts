/**
 * Records as they are stored: eight hexadecimal digits of a CRC-32 over key and content, then the content as JSON. The
 * store does not check what it reads back; a flipped bit must not pass for something that was agreed on.
 */
import { crc32 } from 'node:zlib';
import { type Agreement, type Fingerprint, printable, StateError } from '../model/index.ts';
import { pathOfBaselineKey } from './keys.ts';

type StoredAgreement = [
  kind: 0 | 1,
  localSize: number,
  localStamps: Fingerprint['stamps'],
  remoteSize: number,
  remoteStamps: Fingerprint['stamps'],
  sha256?: string,
];

function checksum(key: string, json: string): string {
  return crc32(json, crc32(key)).toString(16).padStart(8, '0');
}

export function encode(key: string, content: unknown): string {
  const json = JSON.stringify(content);
  return checksum(key, json) + json;
}

/** Throws a StateError where the record is not as it was written. */
export function decode(key: string, value: string): unknown {
  const json = value.slice(8);
  if (value.slice(0, 8) !== checksum(key, json)) {
    throw new StateError(`the record of ${printable(key.replaceAll('\0', ' '))} is damaged`);
  }
  return JSON.parse(json);
}

export function encodeAgreement(key: string, { kind, local, remote, sha256 }: Agreement): string {
  const stored: StoredAgreement = [
    kind === 'file' ? 0 : 1,
    local.size,
    local.stamps,
    remote.size,
    remote.stamps,
    ...(sha256 === undefined ? ([] as const) : ([sha256] as const)),
  ];
  return encode(key, stored);
}

export function decodeAgreement(key: string, value: string): Agreement {
  const [kind, localSize, localStamps, remoteSize, remoteStamps, sha256] = decode(key, value) as StoredAgreement;
  return {
    path: pathOfBaselineKey(key),
    kind: kind === 0 ? 'file' : 'directory',
    local: { size: localSize, stamps: localStamps },
    remote: { size: remoteSize, stamps: remoteStamps },
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}

/** Whether a stored agreement is about a file, by its first figure. */
export function isFileRecord(value: string): boolean {
  return value[9] === '0';
}
