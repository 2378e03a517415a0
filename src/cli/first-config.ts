/** What `init` wants to know, and the file that comes of it. */
import { lstat, open } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { CONFIG_NAME, didYouMean, formatRemoteUrl, parseConfig, parseRemoteUrl } from '../config/index.ts';
import { ConfigError, printable, UsageError, writeReason } from '../model/index.ts';

export type Wish = 'url' | 'local' | 'direction' | 'job' | 'passwordEnv';

export type FirstConfig = Readonly<Record<Wish, string>>;

export interface WishFor {
  readonly key: Wish;
  readonly option: string;
  readonly question: string;
  readonly fallback?: string;
  /** Throws where the answer cannot be used. */
  readonly reads: (answer: string) => void;
}

const DIRECTIONS = ['push', 'pull', 'sync'];

export const WISHES: readonly WishFor[] = [
  {
    key: 'url',
    option: '--url',
    question: 'The folder on the server, as ftpes://user@host/folder',
    reads: (answer) => void parseRemoteUrl(answer),
  },
  { key: 'local', option: '--local', question: 'The local folder', fallback: '.', reads: () => {} },
  {
    key: 'direction',
    option: '--direction',
    question: 'Which way: push (to the server), pull (from it) or sync (both)',
    fallback: 'push',
    reads: (answer) => {
      if (!DIRECTIONS.includes(answer)) {
        throw new UsageError(`${printable(answer)} is not one of push, pull, sync${didYouMean(answer, DIRECTIONS)}`);
      }
    },
  },
  {
    key: 'job',
    option: '--job',
    question: 'A name for this job',
    fallback: 'site',
    reads: (answer) => {
      if (!/^[\w][\w.-]*$/.test(answer)) throw new UsageError('a name has letters, digits, ".", "_" and "-" only');
    },
  },
  {
    key: 'passwordEnv',
    option: '--password-env',
    question: 'The environment variable that will hold the password',
    fallback: 'FTP_PASSWORD',
    reads: (answer) => {
      if (!/^[A-Za-z_]\w*$/.test(answer)) throw new UsageError('a variable has letters, digits and "_" only');
    },
  },
];

/** The text of the file, checked as a run would check it. A password in the URL is left out of it. */
export function checkedConfig({ url, local, direction, job, passwordEnv }: FirstConfig, file: string) {
  const { password, ...place } = parseRemoteUrl(url);
  const { remote, ...server } = place;
  const config = {
    $schema: 'https://unpkg.com/ftp-ferry/schema.json',
    servers: {
      web: {
        url: formatRemoteUrl({ ...server, remote: '' }),
        ...(place.user ? { password: { env: passwordEnv } } : {}),
      },
    },
    jobs: { [job]: { direction, local: seenFrom(file, local), server: 'web', ...(remote === '' ? {} : { remote }) } },
  };
  const text = `${JSON.stringify(config, undefined, 2)}\n`;
  parseConfig(text, CONFIG_NAME);
  // Only one that is looked for is found without being named.
  const where = resolve(file) === resolve(CONFIG_NAME) ? '' : ` -c ${printable(file)}`;
  const hints = [
    `Wrote ${printable(file)}. Next:`,
    ...(place.user
      ? [`  export ${passwordEnv}=…        ${password ? '(the one in the URL was not written down)' : ''}`]
      : []),
    `  ferry check web${where}`,
    `  ferry plan ${job}${where}`,
    `  ferry ${direction} ${job}${where}`,
  ];
  return { text, hints: hints.map((line) => line.trimEnd()) };
}

/** What was typed is relative to the working folder, what stands in the file is relative to the file. */
function seenFrom(file: string, local: string): string {
  if (isAbsolute(local) || local.startsWith('~')) return local;
  return relative(dirname(resolve(file)), resolve(local)).replaceAll(sep, '/') || '.';
}

/** Before anything is asked. @throws ConfigError. */
export async function refuseExisting(file: string): Promise<void> {
  const found = await lstat(file).catch(() => undefined);
  if (found) throw existing(file);
}

function existing(file: string): ConfigError {
  return new ConfigError(`${printable(file)} exists already and is left as it is; -c FILE writes another one`);
}

/** Writes a new file; one that exists is never overwritten. */
export async function writeConfig(file: string, text: string): Promise<void> {
  try {
    const handle = await open(file, 'wx');
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw existing(file);
    throw new ConfigError(`${printable(file)} could not be written: ${writeReason(error)}`, { cause: error });
  }
}
