/**
 * A real disk of a few megabytes, to be filled up: a tmpfs that is mounted for a test. Whoever mounts it must be allowed to;
 * where that is not so, the reason is told. It goes with the process, however that ends.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  /** Fills it up, but for so many bytes (in blocks of 4 KiB). */
  fill(butFor: number): void;
  /** Takes away what fills it. */
  empty(): void;
  close(): Promise<void>;
}

/** Goes on once its input ends, be it by SIGKILL of who held the other end. Lazily: a server may still be in there. */
const CLEARING = 'cat >/dev/null; umount -l -- "$1"; rmdir -- "$1"';

/** Mounts one of so many bytes. @throws where that is not allowed here. */
export function smallDisk(size: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-test-disk-'));
  const mounting = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},nr_inodes=10000`, 'tmpfs', folder]);
  if (mounting.error || mounting.status !== 0) {
    rmdirSync(folder);
    const said = mounting.error?.message ?? String(mounting.stderr).trim();
    throw new Error(`no disk can be mounted here: ${said}`);
  }
  const clearing = spawn('sh', ['-c', CLEARING, 'sh', folder], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const cleared = new Promise<void>((resolve) => clearing.once('exit', () => resolve()));
  clearing.unref();
  (clearing.stdin as unknown as { unref(): void }).unref();
  const filler = join(folder, 'filler');
  return {
    folder,
    fill(butFor) {
      const { bavail, bsize } = statfsSync(folder);
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - butFor)));
    },
    empty: () => rmSync(filler, { force: true }),
    async close() {
      clearing.ref();
      clearing.stdin.end();
      await cleared;
    },
  };
}

/** Why none can be mounted here, or undefined. */
export function smallDisksMissing(): string | undefined {
  if (process.platform !== 'linux') return 'only Linux has a tmpfs';
  const trying = spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs -o size=64k tmpfs /tmp'], {
    encoding: 'utf8',
  });
  if (trying.error) return trying.error.message;
  return trying.status === 0 ? undefined : trying.stderr.trim() || 'mount is refused';
}
