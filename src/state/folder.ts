/** Where on this machine a job keeps what it remembers. */
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';
import { ConfigError } from '../model/index.ts';

/**
 * The folder of all jobs: `$FERRY_STATE`; else on Linux `$XDG_STATE_HOME/ferry` or `~/.local/state/ferry`, on Windows
 * `%LOCALAPPDATA%\ferry`, on macOS `~/Library/Application Support/ferry`. A relative `$XDG_STATE_HOME` does not count
 * (XDG Base Directory Specification).
 */
export function stateFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
  home?: string,
): string {
  const { join, resolve, isAbsolute } = platform === 'win32' ? win32 : posix;
  if (env.FERRY_STATE) return resolve(env.FERRY_STATE);
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home ?? homeFolder(), 'AppData', 'Local'), 'ferry');
  if (platform === 'darwin') return join(home ?? homeFolder(), 'Library', 'Application Support', 'ferry');
  const xdg = env.XDG_STATE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(home ?? homeFolder(), '.local', 'state'), 'ferry');
}

/** @throws ConfigError where this user stands in no list of users, as in a container, and HOME is not set either. */
function homeFolder(): string {
  try {
    return homedir();
  } catch (error) {
    throw new ConfigError('this user has no home folder to keep the state in: set FERRY_STATE to a folder', {
      cause: error,
    });
  }
}

/** What makes two runs the same job. */
export interface JobIdentity {
  /** Absolute path of the local folder. */
  readonly local: string;
  /** `user@host:port/root`. */
  readonly remote: string;
  /** The name in the configuration; a job without one is another job than one with it. */
  readonly name?: string;
}

const LONGEST_SLUG = 40;

/** A job's folder: a name that people recognise, and 16 digits of a SHA-256 that no two jobs share. */
export function jobFolder(base: string, identity: JobIdentity): string {
  const { local, remote, name } = identity;
  const readable = name ?? `${local.split(/[\\/]/).filter(Boolean).at(-1) ?? 'root'}-${hostOf(remote)}`;
  const slug = readable
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_SLUG)
    .replaceAll(/^-|-$/g, '');
  const hash = createHash('sha256').update(JSON.stringify([local, remote, name ?? null]));
  const { join } = base.includes('\\') ? win32 : posix;
  return join(base, `${slug || 'job'}-${hash.digest('hex').slice(0, 16)}`);
}

function hostOf(remote: string): string {
  const authority = remote.split('/', 1)[0] ?? '';
  return authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d+$/, '');
}
