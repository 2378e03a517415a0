// The folders that the rows carry. Each is made from a seed, so that two runs months apart carry the same bytes under
// the same names.
import { closeSync, ftruncateSync, mkdirSync, openSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface Tree {
  readonly folder: string;
  readonly files: number;
  readonly directories: number;
  readonly bytes: number;
}

/** Times are whole seconds, as FTP carries them; this is 2024-01-01T00:00:00Z. */
const newYear = 1_704_067_200;

// What a site has: most names are plain, some are not. None is one that a peer is known to refuse.
const oddNames: readonly ((plain: string) => string)[] = [
  (plain) => `.${plain}`,
  (plain) => `${plain} with spaces`,
  (plain) => `größe-${plain}`,
  (plain) => `#${plain}`,
  (plain) => `[${plain}]`,
  (plain) => `it's ${plain}`,
  (plain) => `100%-${plain}`,
  (plain) => `${plain}-${'long'.repeat(40)}`,
];
const extensions = ['html', 'css', 'js', 'json', 'png', 'php', 'txt', 'svg'];

/** `files` files of about 4 KB on average in a tenth as many directories, up to three deep. */
export function smallFiles(folder: string, files: number): Tree {
  const random = seeded(files);
  const directories = [''];
  for (let number = 1; number < files / 10; number += 1) {
    const parent = directories[Math.floor(random() * directories.length)]!;
    const deep = parent.split('/').length > 3;
    const name = number % 25 === 0 ? `.dir ${number}` : `dir-${number}`;
    directories.push(deep || parent === '' ? name : `${parent}/${name}`);
  }
  for (const directory of directories) mkdirSync(join(folder, directory), { recursive: true });
  let bytes = 0;
  for (let number = 0; number < files; number += 1) {
    const odd = number % 20 === 7 ? oddNames[((number / 20) % oddNames.length) | 0]! : (plain: string) => plain;
    const name = `${odd(`file-${number}`)}.${extensions[number % extensions.length]}`;
    // Many tiny ones, few of some ten thousand bytes, one empty: the mean is 4 KB.
    const size = number === 3 ? 0 : Math.floor(1 + 12_000 * random() ** 2);
    const file = join(folder, directories[Math.floor(random() * directories.length)]!, name);
    writeFileSync(file, noise(size, random));
    const time = newYear + Math.floor(random() * 20_000_000);
    utimesSync(file, time, time);
    bytes += size;
  }
  return { folder, files, directories: directories.length, bytes };
}

/** Files that hold no blocks on the disk, only a size: for rows that look and carry nothing. */
export function sparseFiles(folder: string, files: number, directories: number): Tree {
  const each = files / directories;
  let bytes = 0;
  for (let outer = 0; outer < directories; outer += 1) {
    const directory = join(folder, directoryName(outer));
    mkdirSync(directory, { recursive: true });
    for (let inner = 0; inner < each; inner += 1) {
      const descriptor = openSync(join(directory, fileName(inner)), 'wx');
      ftruncateSync(descriptor, sparseSize(inner));
      closeSync(descriptor);
      bytes += sparseSize(inner);
    }
  }
  return { folder, files, directories, bytes };
}

export const directoryName = (number: number): string => `dir-${String(number).padStart(5, '0')}`;
export const fileName = (number: number): string => `file-${String(number).padStart(3, '0')}.dat`;
export const sparseSize = (number: number): number => 100 + number * 7;

/** One file that has no holes and does not compress. */
export function oneLargeFile(folder: string, bytes: number): Tree {
  mkdirSync(folder, { recursive: true });
  const block = noise(4 << 20, seeded(1));
  const descriptor = openSync(join(folder, largeFileName), 'wx');
  for (let written = 0; written < bytes; written += block.length) {
    block.writeUInt32LE(written / block.length, 0);
    writeSync(descriptor, block, 0, Math.min(block.length, bytes - written));
  }
  closeSync(descriptor);
  utimesSync(join(folder, largeFileName), newYear, newYear);
  return { folder, files: 1, directories: 1, bytes };
}

export const largeFileName = 'large.bin';

function noise(size: number, random: () => number): Buffer {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let at = 0; at < words.length; at += 1) words[at] = random() * 2 ** 32;
  return Buffer.from(words.buffer, 0, size);
}

/** mulberry32: numbers from 0 up to 1 that are the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
