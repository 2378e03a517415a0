/** Folders drawn as literals, and folders read back as such. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file's content, or `null` for an empty directory. */
export type Drawing = Readonly<Record<string, string | null>>;

/** Puts what is drawn into a folder. */
export function draw(folder: string, drawing: Drawing): string {
  for (const [path, content] of Object.entries(drawing)) {
    const at = join(folder, path);
    mkdirSync(content === null ? at : dirname(at), { recursive: true });
    if (content !== null) writeFileSync(at, content);
  }
  return folder;
}

/** A folder as a drawing; directories with something in them are left out. */
export function read(folder: string, below = ''): Record<string, string | null> {
  const drawing: Record<string, string | null> = {};
  const names = readdirSync(join(folder, below)).sort();
  if (names.length === 0 && below !== '') drawing[below] = null;
  for (const name of names) {
    const path = below === '' ? name : `${below}/${name}`;
    if (lstatSync(join(folder, path)).isDirectory()) Object.assign(drawing, read(folder, path));
    else drawing[path] = readFileSync(join(folder, path), 'utf8');
  }
  return drawing;
}
