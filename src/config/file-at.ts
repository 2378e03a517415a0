/** Where a file named in the configuration is. */
import { join, resolve } from 'node:path';

/** The absolute path of a name that may be relative to `folder` or begin with `~/`. */
export function fileAt(name: string, folder: string, home: string): string {
  if (name === '~') return home;
  return /^~[/\\]/.test(name) ? join(home, name.slice(2)) : resolve(folder, name);
}
