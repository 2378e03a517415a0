/**
 * What a snapshot holds: `.ferry/manifest.jsonl` in it, one JSON object a line. The first one is about the snapshot, then
 * one a file or directory, in the order of their paths, and the last one is the SHA-256 of all lines before it: a manifest
 * that was cut or changed is known for that.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RelPath, StateError, toRelPath } from '../model/index.ts';
import { OWN_FOLDER } from '../state/index.ts';

export const MANIFEST = 'manifest.jsonl';

/** The first line. */
export interface Header {
  readonly ferry: 'snapshot';
  readonly version: 1;
  /** Its name. */
  readonly snapshot: string;
  readonly job: string;
  /** The remote folder as a URL, without the password. */
  readonly remote: string;
  /** ISO 8601, UTC: when the run began that finished it, and when that was. */
  readonly began: string;
  readonly finished: string;
  /** The one that unchanged files are shared with. */
  readonly previous?: string;
  readonly files: number;
  readonly directories: number;
  readonly bytes: number;
  /** What it does not share with the previous one. */
  readonly newFiles: number;
  readonly newBytes: number;
  /** Whether anything is other than in the previous one: files, directories, or what is gone. */
  readonly changed: boolean;
}

export interface StoredFile {
  readonly path: RelPath;
  readonly size: number;
  /** ms since the epoch, UTC. */
  readonly mtime: number;
  /** Of the content, in hexadecimal. */
  readonly sha256: string;
}

export interface Manifest {
  readonly header: Header;
  readonly files: ReadonlyMap<RelPath, StoredFile>;
  readonly directories: readonly RelPath[];
}

/** Lines that are written in one go. */
const TOGETHER = 1000;

/** Writes the manifest of a snapshot in the making; it is on the disk when this resolves. Rejects with the system's error. */
export async function writeManifest(root: string, { header, files, directories }: Manifest): Promise<void> {
  await mkdir(join(root, OWN_FOLDER), { recursive: true });
  const handle = await open(join(root, OWN_FOLDER, MANIFEST), 'w');
  const hash = createHash('sha256');
  const write = async (lines: readonly object[]) => {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    hash.update(text);
    await handle.writeFile(text);
  };
  try {
    await write([header]);
    const lines = [...directories.map((path) => ({ path, kind: 'directory' as const })), ...files.values()];
    lines.sort((a, b) => (a.path < b.path ? -1 : 1));
    for (let at = 0; at < lines.length; at += TOGETHER) await write(lines.slice(at, at + TOGETHER));
    await handle.writeFile(`${JSON.stringify({ sha256: hash.digest('hex') })}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * LIMIT: read as a whole, some 150 bytes a file. @throws StateError where it is missing or damaged.
 */
export async function readManifest(root: string): Promise<Manifest> {
  const file = join(root, OWN_FOLDER, MANIFEST);
  try {
    const text = await readFile(file, 'utf8');
    const end = text.lastIndexOf('\n', text.length - 2) + 1;
    const sealed = JSON.parse(text.slice(end)) as { sha256?: unknown };
    if (createHash('sha256').update(text.slice(0, end)).digest('hex') !== sealed.sha256)
      throw new RangeError('it is not what was written: its SHA-256 differs');
    const [first = '', ...lines] = text.slice(0, end).split('\n').slice(0, -1);
    const files = new Map<RelPath, StoredFile>();
    const directories: RelPath[] = [];
    for (const line of lines) {
      const entry = JSON.parse(line) as StoredFile | { readonly path: string; readonly kind: 'directory' };
      const path = toRelPath(entry.path);
      if ('kind' in entry) directories.push(path);
      else files.set(path, { ...entry, path });
    }
    return { header: headerOf(first), files, directories };
  } catch (error) {
    throw unusable(file, error);
  }
}

/** Bytes: more than any first line has. */
const FIRST = 64 * 1024;

/** The first line alone, of a manifest that may be large. @throws StateError where it is missing or damaged. */
export async function readHeader(root: string): Promise<Header> {
  const file = join(root, OWN_FOLDER, MANIFEST);
  try {
    const handle = await open(file, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(FIRST), 0, FIRST, 0);
      const text = buffer.toString('utf8', 0, bytesRead);
      return headerOf(text.slice(0, Math.max(0, text.indexOf('\n'))));
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unusable(file, error);
  }
}

function headerOf(line: string): Header {
  const header = JSON.parse(line) as Header;
  if (header.ferry !== 'snapshot') throw new RangeError('it is no manifest of a snapshot');
  if (header.version !== 1) throw new RangeError(`its version is ${String(header.version)}, and this ferry knows 1`);
  if (typeof header.snapshot !== 'string' || typeof header.bytes !== 'number') throw new RangeError('it is not whole');
  return header;
}

function unusable(file: string, error: unknown): StateError {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === 'ENOENT' ? 'it is not there' : message;
  return new StateError(`${file} cannot be used: ${why}`, { cause: error });
}
