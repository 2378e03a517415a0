// Where .ci/install-servers has put the servers, and the environment their programs need to run from there.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const root = join(process.env.FERRY_SERVERS ?? join(homedir(), '.cache', 'ferry-servers'), 'root');

/** The absolute path of an unpacked file. */
export const installedPath = (path: string): string => join(root, path);

function libraryFolders(): string[] {
  return ['usr/lib', 'lib'].flatMap((lib) => {
    const folder = join(root, lib);
    if (!existsSync(folder)) return [];
    const architectures = readdirSync(folder).filter((name) => name.endsWith('-linux-gnu'));
    return [...architectures.map((name) => join(folder, name)), folder];
  });
}

/** A file below the folder of this architecture's libraries, such as a PAM module. */
export function installedLibrary(path: string): string | undefined {
  return libraryFolders()
    .map((folder) => join(folder, path))
    .find((file) => existsSync(file));
}

export function installedEnvironment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    LD_LIBRARY_PATH: libraryFolders().join(':'),
    PYTHONPATH: installedPath('usr/lib/python3/dist-packages'),
  };
}

/** What a short command printed, on either stream; empty when it could not run. */
export function outputOf(command: string, args: string[]): string {
  const { stdout, stderr, error } = spawnSync(command, args, {
    env: installedEnvironment(),
    encoding: 'utf8',
    timeout: 10_000,
  });
  return error ? '' : `${stdout}${stderr}`;
}

/** Why a server of the given files cannot run here, as far as files and rights go. */
export function missing(files: string[], needsRoot: boolean): string | undefined {
  const absent = files.find((file) => !existsSync(installedPath(file)));
  if (absent !== undefined) return `${installedPath(absent)} is not there (run .ci/install-servers)`;
  if (needsRoot && process.getuid?.() !== 0) return 'it confines a login to its folder only when root starts it';
  return undefined;
}
