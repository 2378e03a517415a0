/** Where the project is, wherever this file was compiled to. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

export function projectFolder(from = import.meta.dirname): string {
  for (let folder = from; ; folder = dirname(folder)) if (existsSync(join(folder, 'package.json'))) return folder;
}
