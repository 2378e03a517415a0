/** A server with a folder to back up, and backups of it with a clock of their own. */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { backup } from '../../src/backup/index.ts';
import type { JobSettings } from '../../src/config/settings.ts';
import type { RunOptions } from '../../src/sync/index.ts';
import { job } from '../builders/connect.ts';
import { emptyFolder } from '../builders/folder.ts';
import { type Performed, perform } from '../builders/perform.ts';
import type { AnyServer } from '../servers/every-server.ts';

export interface Scene {
  /** Where the snapshots are. */
  readonly home: string;
  /** Of the backup, so that the server's tree is `site` below its root. */
  readonly settings: (changes?: Partial<JobSettings>) => JobSettings;
  /** A backup, a day after the one before unless said. */
  back(options?: BackOptions): Promise<Performed>;
  /** The names of all snapshots, oldest first. */
  names(): string[];
  at(...parts: string[]): string;
}

export interface BackOptions extends Partial<RunOptions> {
  readonly changes?: Partial<JobSettings>;
  readonly verify?: boolean;
  /** ISO 8601. */
  readonly when?: string;
}

const DAY = 24 * 3600 * 1000;

export function sceneOf(server: AnyServer, base: Partial<JobSettings> = {}, home = emptyFolder()): Scene {
  const state = emptyFolder();
  let now = Date.parse('2026-11-01T02:00:00.500Z');
  const settings = (changes: Partial<JobSettings> = {}) =>
    job(server, home, { direction: 'pull', backup: {}, retries: 0, ...base, ...changes });
  return {
    home,
    settings,
    async back({ changes, verify = false, when, ...options } = {}) {
      const time = when === undefined ? now : Date.parse(when);
      now = time + DAY;
      const verb = (given: JobSettings, engine: RunOptions) => backup(given, { ...engine, verify, now: () => time });
      return perform(settings(changes), state, { ...options, verb });
    },
    names: () =>
      readdirSync(home)
        .filter((name) => name !== '.ferry')
        .sort(),
    at: (...parts) => join(home, ...parts),
  };
}

/** Everything about the files below a folder that nobody may touch, by path: inode, size, time to the ns, permissions. */
export function portrait(folder: string): Record<string, string> {
  const drawn: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const at = join(entry.parentPath, entry.name);
    const { ino, size, mtimeNs, mode } = lstatSync(at, { bigint: true });
    if (entry.isFile()) drawn[at.slice(folder.length + 1)] = `${ino} ${size} ${mtimeNs} ${mode}`;
  }
  return drawn;
}
