/** Compares two folders on this disk, byte for byte, without any help of what it is to judge. */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

export interface Comparison {
  /** Files that both have. */
  readonly files: number;
  readonly bytes: number;
  /** What is on one side only, or not the same. */
  readonly differences: readonly string[];
}

export async function compareFolders(one: string, other: string): Promise<Comparison> {
  const [ours, theirs] = await Promise.all([filesIn(one), filesIn(other)]);
  const differences = [...ours, ...theirs].filter((path) => ours.has(path) !== theirs.has(path));
  const common = [...ours].filter((path) => theirs.has(path));
  let bytes = 0;
  for (const path of common) {
    const [a, b] = await Promise.all([readFile(join(one, path)), readFile(join(other, path))]);
    if (!a.equals(b)) differences.push(path);
    bytes += a.length;
  }
  return { files: common.length, bytes, differences };
}

export async function filesIn(folder: string): Promise<Set<string>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return new Set(
    found.filter((entry) => !entry.isDirectory()).map((entry) => relative(folder, join(entry.parentPath, entry.name))),
  );
}
