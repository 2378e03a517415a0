// Ferry as a user runs it: the built command, with its defaults.
import { fileURLToPath } from 'node:url';
import type { Command } from './measure.ts';
import type { Place } from './place.ts';

/** The built bench lies two folders deeper than its source, so the way to the package is looked for upwards. */
export const projectFolder = ((): string => {
  const here = fileURLToPath(new URL('.', import.meta.url));
  return here.replace(/(\/\.cache\/bench)?\/bench\/$/, '');
})();

let build = `${projectFolder}/dist`;

/** Which build of Ferry is run from here on; the package's own unless said. */
export function measureBuild(folder: string): void {
  build = folder;
}

export interface FerryRun {
  /** Where this run remembers what was agreed on; a fresh one for a first run. */
  readonly state: string;
  readonly options?: readonly string[];
  /** Folder for a CPU profile. */
  readonly profile?: string | undefined;
}

export const ferryUp = (from: string, to: Place, run: FerryRun): Command => ferry(run, to, 'push', from, url(to));

export const ferryDown = (from: Place, to: string, run: FerryRun): Command => ferry(run, from, 'pull', url(from), to);

function ferry({ state, options = [], profile }: FerryRun, { password }: Place, ...work: string[]): Command {
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  return {
    program: process.execPath,
    args: [...profiling, `${build}/cli/ferry.js`, ...work, ...options],
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      LC_ALL: 'C.UTF-8',
      FERRY_PASSWORD: password,
      FERRY_STATE: state,
    },
  };
}

/** `ferry serve` on any free port, its access log of what is done on stderr. */
export function ferryServe(
  folder: string,
  user: string,
  password: string,
  dataPorts: readonly [number, number],
  profile: string | undefined,
): Command {
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  return {
    program: process.execPath,
    args: [
      ...profiling,
      `${build}/cli/ferry.js`,
      'serve',
      folder,
      '--user',
      user,
      '--port',
      '0',
      '--passive-ports',
      dataPorts.join('-'),
    ],
    env: { PATH: process.env.PATH, HOME: '/nonexistent', LC_ALL: 'C.UTF-8', FERRY_PASSWORD: password },
  };
}

const url = ({ host, port, user, path }: Place): string => `ftp://${user}@${host}:${port}${path}`;
