/** Runs the built command as a person or cron would: a child process with its own home, state and working folder. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FtpServer, type ServerOptions } from '../../src/server/index.ts';

export const FERRY = join(import.meta.dirname, '../../dist/cli/ferry.js');
export const PASSWORD = 'S3cret/pass word%';

export type WorldOptions = Partial<ServerOptions> & { readonly rights?: boolean };

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface World {
  /** The working folder of every command. */
  readonly folder: string;
  readonly serverFolder: string;
  readonly server: FtpServer;
  readonly port: number;
  /** Of the folder `/www` on the server, without the password. */
  readonly url: string;
  /** Runs a command to its end. The right password is in the environment. */
  ferry(...args: readonly string[]): Promise<Ended>;
  ferryWith(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ended>;
  /** Starts a command; `ended` resolves with what came of it. */
  start(...args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> };
  /** Writes files below the working folder, by path. */
  write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>;
  /** Every file below a folder of the working folder (or the server's, as `server:`), with its content. */
  files(folder: string): Promise<Record<string, string>>;
  /** All that was said and kept so far: outputs, and what is in home and state folders. */
  said(): Promise<string>;
  close(): Promise<void>;
}

/** The user that a superuser's commands run as where rights matter: nobody refuses a superuser anything. */
const NOBODY = 65534;

/** With `rights`, files keep whom they are to keep out, even where the tests run as superuser. */
export async function makeWorld({ rights = false, ...options }: WorldOptions = {}): Promise<World> {
  const demoted = rights && process.getuid?.() === 0;
  const base = await mkdtemp(join(tmpdir(), 'ferry-cli-'));
  const path = (name: string) => join(base, name);
  for (const name of ['here', 'home', 'state', 'server']) await mkdir(path(name));
  const server = new FtpServer({
    root: path('server'),
    users: [{ name: 'ann', password: PASSWORD }],
    loginDelay: 10,
    ...options,
  });
  const { port } = await server.listen();
  const heard: string[] = [];
  const running = new Set<ChildProcess>();

  const start = (env: Readonly<Record<string, string>>, args: readonly string[]) => {
    if (demoted) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, base]);
    const child = spawn(process.execPath, [FERRY, ...args], {
      cwd: path('here'),
      env: {
        PATH: process.env.PATH,
        HOME: path('home'),
        FERRY_STATE: path('state'),
        FERRY_PASSWORD: PASSWORD,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(demoted ? { uid: NOBODY, gid: NOBODY } : {}),
    });
    running.add(child);
    const ended = new Promise<Ended>((resolve, reject) => {
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.on('error', reject);
      child.on('close', (code) => {
        running.delete(child);
        heard.push(stdout, stderr);
        resolve({ code, stdout, stderr });
      });
    });
    return { child, ended };
  };
  const files = async (folder: string) => {
    const root = folder.startsWith('server:') ? join(path('server'), folder.slice(7)) : join(path('here'), folder);
    const found: Record<string, string> = {};
    for (const name of await readdir(root, { recursive: true, withFileTypes: true })) {
      if (!name.isFile()) continue;
      const file = join(name.parentPath, name.name);
      found[file.slice(root.length + 1)] = (await readFile(file)).toString();
    }
    return found;
  };
  return {
    folder: path('here'),
    serverFolder: path('server'),
    server,
    port,
    url: `ftp://ann@127.0.0.1:${port}/www`,
    ferry: (...args) => start({}, args).ended,
    ferryWith: (env, ...args) => start(env, args).ended,
    start: (...args) => start({}, args),
    async write(wanted) {
      for (const [name, content] of Object.entries(wanted)) {
        await mkdir(dirname(join(path('here'), name)), { recursive: true });
        await writeFile(join(path('here'), name), content);
      }
    },
    files,
    async said() {
      const kept: string[] = [];
      for (const folder of ['home', 'state']) {
        for (const entry of await readdir(path(folder), { recursive: true, withFileTypes: true })) {
          if (entry.isFile()) kept.push(await readFile(join(entry.parentPath, entry.name), 'latin1'));
        }
      }
      return [...heard, ...kept].join('\n');
    },
    async close() {
      for (const child of running) child.kill('SIGKILL');
      await server.close(0);
      await rm(base, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Every line of `--json`, parsed. */
export function eventsOf({ stdout }: Ended): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** So many small files, as `write` takes them. */
export function manyFiles(folder: string, count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`${folder}/file-${n}.txt`, `content ${n}\n`]));
}

/** Waits until something is true; fails after 20 s. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
