/** A small website to carry around: a few dozen files, some with names that have broken other programs. */
import { createHash } from 'node:crypto';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export const ODD_NAMES: readonly string[] = [
  'odd/ begins and ends with a space ',
  'odd/Grüße, 你好 & 🚢.txt',
  'odd/100% #1 [draft] {a,b}.html',
  "odd/it's -rf *; DELE index.html",
  'odd/back\\slash?.txt',
  'odd/.hidden',
  'odd/empty.txt',
  `odd/${'long '.repeat(40)}name.txt`,
];

const PAGES = 24;
const PICTURES = 12;
const DAY = 24 * 3600 * 1000;

/** Writes the site; resolves with the number of files. */
export async function buildSite(folder: string): Promise<number> {
  const files = new Map<string, Uint8Array>([
    ['index.html', page('Welcome aboard')],
    ['style.css', Buffer.from('body { font: 16px/1.5 serif; margin: 2em auto; max-width: 40em }\n')],
  ]);
  for (let number = 1; number <= PAGES; number++) {
    files.set(`articles/${2020 + (number % 5)}/article-${number}.html`, page(`Article ${number}`));
  }
  for (let number = 1; number <= PICTURES; number++) {
    files.set(`pictures/picture-${number}.jpg`, noise(`picture ${number}`, 4000 * number));
  }
  for (const name of process.platform === 'win32' ? ODD_NAMES.filter(fitsWindows) : ODD_NAMES) {
    files.set(name, name.endsWith('empty.txt') ? new Uint8Array() : Buffer.from(`The name is the hard part.\n`));
  }
  let age = 0;
  for (const [path, content] of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    const then = new Date(Date.now() - ++age * DAY);
    await utimes(file, then, then);
  }
  return files.size;
}

/** Bytes that look random and are the same every time. */
export function noise(seed: string, size: number): Uint8Array {
  const block = createHash('shake256', { outputLength: Math.min(size, 1 << 20) })
    .update(seed)
    .digest();
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += block.length) {
    block.copy(bytes, at);
    // No two blocks alike, so that a piece that went to the wrong place would be noticed.
    bytes.writeUInt32BE(at, Math.min(at, size - 4));
  }
  return bytes;
}

function page(title: string): Uint8Array {
  return Buffer.from(`<!doctype html>\n<title>${title}</title>\n<h1>${title}</h1>\n<p>Carried by Ferry.</p>\n`);
}

function fitsWindows(path: string): boolean {
  const name = path.slice(path.indexOf('/') + 1);
  return !/[\\:*?"<>|]/.test(name) && !/[ .]$/.test(name);
}
