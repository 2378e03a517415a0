// Pure-FTPd refuses every login whose user is root, yet the tests run as root and their files are root's. So it runs in
// a user namespace where root of the machine is user 1, a plain user like any other, and another one plays root.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';

// Inside, outside, how many. Nobody owns files as 65533; 65534 is the user that servers drop their rights to.
const mapping = '0 65533 1\n1 0 1\n65534 65534 1\n';

let why: string | undefined | null = null;

/** Why no such namespace can be made here, or undefined. */
export function userNamespacesMissing(): string | undefined {
  if (why === null) {
    const { status, error } = spawnSync('unshare', ['--user', 'true'], { stdio: 'ignore' });
    const possible = error === undefined && status === 0;
    why = possible ? undefined : 'it refuses root as a login, and this machine makes no user namespace to hide root in';
  }
  return why;
}

let holder: ChildProcess | undefined;

/** The command, with its first arguments, that runs what follows as root of the namespace, under its own pid. */
export async function namespaceWhereRootIsUser1(): Promise<{ command: string; args: string[] }> {
  if (holder === undefined) {
    // It ends with this process, as its stdin does; the servers keep the namespace alive by themselves.
    const started = spawn('unshare', ['--user', 'sh', '-c', 'echo; exec cat >/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    await Promise.race([
      once(started.stdout, 'data'),
      once(started, 'exit').then(() => {
        throw new Error('cannot make a user namespace');
      }),
    ]);
    for (const file of ['uid_map', 'gid_map']) writeFileSync(`/proc/${started.pid}/${file}`, mapping);
    started.unref();
    for (const stream of [started.stdin, started.stdout]) (stream as unknown as { unref(): void }).unref();
    holder = started;
  }
  // Fails here, with a plain message, when the namespace is gone.
  const namespace = `/proc/${holder.pid}/ns/user`;
  closeSync(openSync(namespace, 'r'));
  return { command: 'nsenter', args: [`--user=${namespace}`, '--setuid', '0', '--setgid', '0', '--'] };
}
