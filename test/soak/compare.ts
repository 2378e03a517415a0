/** What two folders do not have in common, by path. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export function differences(a: string, b: string): string[] {
  const [here, there] = [contents(a), contents(b)];
  const paths = new Set([...here.keys(), ...there.keys()]);
  return [...paths].filter((path) => here.get(path) !== there.get(path)).sort();
}

/** Every path with its content; a directory is a path with a slash at its end. Ferry's own files do not count. */
function contents(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(folder.length + 1);
    if (entry.isDirectory()) found.set(`${path}/`, '');
    else if (!path.endsWith('.ferry')) found.set(path, readFileSync(file, 'latin1'));
  }
  return found;
}
