// Free loopback ports for servers that have to be told theirs. Workers run side by side, so a port is reserved with a
// file first; and it is taken below the range the kernel hands out by itself, so no outgoing connection takes it.
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './stale.ts';

const reservations = join(tmpdir(), 'ferry-test-ports');
const lowest = 20_000;
const highest = 31_999;
const mine = new Set<number>();

const fileOf = (port: number): string => join(reservations, String(port));

process.on('exit', () => {
  for (const port of mine) releasePort(port);
});

function reserve(port: number): boolean {
  mkdirSync(reservations, { recursive: true, mode: 0o777 });
  for (const attempt of [1, 2]) {
    try {
      const file = openSync(fileOf(port), 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      mine.add(port);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 2) return false;
      const owner = ownerOf(port);
      // An empty file is one that another worker is writing this very moment.
      if (Number.isNaN(owner) || isAlive(owner)) return false;
      rmSync(fileOf(port), { force: true });
    }
  }
  return false;
}

function ownerOf(port: number): number {
  try {
    return Number.parseInt(readFileSync(fileOf(port), 'utf8'), 10);
  } catch {
    return Number.NaN;
  }
}

/** Gives a port back once its server is gone. */
export function releasePort(port: number): void {
  if (mine.delete(port)) rmSync(fileOf(port), { force: true });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** The first of `count` free ports in a row, all reserved until this process ends or they are released. */
export async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const first = lowest + Math.floor(Math.random() * (highest - lowest - count + 2));
    const range = Array.from({ length: count }, (_, index) => first + index);
    const held: number[] = [];
    let all = true;
    for (const port of range) {
      const reserved = reserve(port);
      if (reserved) held.push(port);
      if (!reserved || !(await isFree(port))) {
        all = false;
        break;
      }
    }
    if (all) return first;
    held.forEach(releasePort);
  }
  throw new Error(`no ${count} free ports in a row between ${lowest} and ${highest}`);
}

export const freePort = (): Promise<number> => freePorts(1);

/** First and last of `count` free ports in a row, for `passivePorts`. */
export async function freePortRange(count: number): Promise<[number, number]> {
  const first = await freePorts(count);
  return [first, first + count - 1];
}
