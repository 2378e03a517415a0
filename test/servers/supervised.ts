// Runs a server as a process group of its own, with a guard beside it that ends the group and clears its files away
// when the test process is gone, however it went.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endAll } from './processes.ts';
import type { Launch } from './real-server.ts';

// The guard's stdin closes when the process that holds its other end ends, even by SIGKILL. A word on it before that
// says that the server has been stopped already. Its arguments are the server's pid and the files to remove.
const guardScript = `
tree() { for child in $(cat /proc/$1/task/$1/children 2>/dev/null); do echo $child; tree $child; done; }
if ! read -r word; then
  all=$(tree $1)
  kill -s TERM -- -$1 $all
  sleep 0.5
  kill -s KILL -- -$1 $all
fi
shift
rm -rf -- "$@"
`;

export interface Supervised {
  pid: number;
  /** Resolves when the server has ended. */
  ended: Promise<void>;
  running(): boolean;
  log(): string;
  stop(): Promise<void>;
}

export async function supervise(launch: Launch, work: string): Promise<Supervised> {
  const outputFile = join(work, 'output');
  const output = openSync(outputFile, 'a');
  const child = spawn(launch.command, launch.args, {
    cwd: work,
    env: launch.env,
    // vsftpd tells why it does not start to descriptor 0, where a superserver would have put the client.
    stdio: [output, output, output],
    detached: true,
  });
  closeSync(output);
  await once(child, 'spawn');
  const pid = child.pid!;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const guard = spawn('sh', ['-c', guardScript, 'sh', String(pid), work, ...(launch.outside ?? [])], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const guardEnded = new Promise<void>((resolve) => guard.once('exit', () => resolve()));
  // Neither keeps a test process alive that forgot to stop its server; the guard then does it.
  letGo(child);
  letGo(guard);

  let lastLog: string | undefined;
  const log = (): string => lastLog ?? [outputFile, ...(launch.logs ?? [])].map(contents).join('');
  let stopping: Promise<void> | undefined;

  return {
    pid,
    ended,
    running: () => child.exitCode === null && child.signalCode === null,
    log,
    stop() {
      stopping ??= (async () => {
        await endAll(pid, 3000);
        lastLog = log();
        guard.ref();
        guard.stdin?.end('stopped\n');
        await guardEnded;
      })();
      return stopping;
    },
  };
}

function letGo(child: ChildProcess): void {
  child.unref();
  (child.stdin as unknown as { unref(): void } | null)?.unref();
}

function contents(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
