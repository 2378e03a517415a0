/** A folder as it is, links included and never followed: to show that something was not touched. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

export function picture(folder: string): Record<string, string> {
  const seen: Record<string, string> = {};
  for (const name of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    const at = join(folder, name);
    const stats = lstatSync(at);
    if (stats.isSymbolicLink()) seen[name] = `-> ${readlinkSync(at)}`;
    else seen[name] = stats.isDirectory() ? '/' : readFileSync(at, 'utf8');
  }
  return seen;
}
