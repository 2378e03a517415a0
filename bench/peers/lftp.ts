// lftp's mirror, in the settings that a knowing user would choose between. It compares size and time, makes no check of
// what has arrived, and writes to the final name.
import type { Command } from '../measure.ts';
import type { Place } from '../place.ts';
import { versionOf } from './installed.ts';

export const lftpVersion = (): string | undefined => versionOf('lftp', '--version');

export interface LftpSetting {
  readonly name: string;
  readonly settings: readonly string[];
}

/** One command after the other, as it does unless told. */
export const oneByOne: LftpSetting = { name: 'lftp', settings: ['ftp:sync-mode on'] };
/** Commands sent without waiting for the answer to the one before. */
export const pipelined: LftpSetting = { name: 'lftp pipelined', settings: ['ftp:sync-mode off'] };
/** Pipelined, and with a temporary name as Ferry has: more of the same work, but not what it does by itself. */
export const throughTemporary: LftpSetting = {
  name: 'lftp pipelined, temporary names',
  settings: ['ftp:sync-mode off', 'xfer:use-temp-file on', 'xfer:temp-file-name .in.*'],
};

export const lftpUp = (setting: LftpSetting, from: string, to: Place, connections: number): Command =>
  mirror(setting, to, `mirror -R --no-perms --parallel=${connections} ${quoted(from)} ${quoted(to.path)}`);

export const lftpDown = (setting: LftpSetting, from: Place, to: string, connections: number): Command =>
  mirror(setting, from, `mirror --no-perms --parallel=${connections} ${quoted(from.path)} ${quoted(to)}`);

function mirror({ settings }: LftpSetting, { host, port, user, password }: Place, work: string): Command {
  const all = [
    'cmd:fail-exit yes',
    'net:max-retries 2',
    'ftp:ssl-allow no',
    // The stand-in for a distant server passes the same ports on; PASV would name the server behind it.
    'ftp:prefer-epsv yes',
    // Without it, files that begin with a dot are left out on servers that have no MLSD.
    'ftp:list-options -a',
    ...settings,
  ];
  const script = [...all.map((one) => `set ${one}`), `open -u ${user},${password} ftp://${host}:${port}`, work];
  return {
    program: 'lftp',
    args: ['--norc', '-c', script.join('; ')],
    env: { PATH: process.env.PATH, HOME: '/nonexistent', LC_ALL: 'C.UTF-8' },
  };
}

const quoted = (path: string): string => `"${path}"`;
