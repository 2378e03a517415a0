// A real server on a folder of the bench's, near or far, and the throw-away places on it that runs write to.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { availableServers, freePortRange, releasePort, type ServerName, startServer } from '../test/servers/index.ts';
import type { Bench } from './bench.ts';
import { type Distance, distanceTo } from './distance.ts';
import type { Place } from './place.ts';

export interface Site {
  /** Such as "vsftpd 3.0.3". */
  readonly server: string;
  readonly root: string;
  /** The place with this path, over the distance where there is one. */
  at(path: string): Place;
  /** Where that is on this machine. */
  folderOf(place: Place): string;
  remove(place: Place): void;
  /** Puts a copy of a folder, times and all, on the server without speaking to it. */
  bring(folder: string, path: string): Place;
  readonly distance: Distance | undefined;
  close(): Promise<void>;
}

/** Wide enough that a port whose last connection lingers is not wanted again at once. */
const dataPorts = 400;

export interface SiteOptions {
  /** Whether a stand-in for a distant server is put before it; its round trip is 0 until it is set. */
  readonly distant?: boolean;
}

/** Why the server cannot run here, or undefined. */
export const missingServer = (name: ServerName): string | undefined =>
  availableServers().find((server) => server.name === name)?.why;

export async function openSite(bench: Bench, name: ServerName, { distant = false }: SiteOptions = {}): Promise<Site> {
  const root = bench.newFolder(`root-${name}`);
  const range = distant ? await freePortRange(dataPorts) : undefined;
  const server = await startServer(name, range === undefined ? { root } : { root, passivePorts: range });
  const distance = range === undefined ? undefined : await distanceTo(server, range);
  const { port, user, password } = server;
  const folderOf = ({ path }: Place): string => join(root, path);
  const at = (path: string): Place => ({ host: distance?.host ?? server.host, port, user, password, path });
  return {
    server: `${name} ${server.version}`,
    root,
    at,
    folderOf,
    remove: (place) => rmSync(folderOf(place), { recursive: true, force: true }),
    bring(folder, path) {
      mkdirSync(join(root, path), { recursive: true });
      cpSync(folder, join(root, path), { recursive: true, preserveTimestamps: true });
      return at(path);
    },
    distance,
    async close() {
      await distance?.close();
      await server.stop();
      for (let each = range?.[0] ?? 0; each <= (range?.[1] ?? -1); each += 1) releasePort(each);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Opens a site on each of these servers that is here, one after the other. */
export async function onEach<T>(
  bench: Bench,
  names: readonly ServerName[],
  options: SiteOptions,
  work: (site: Site) => Promise<T>,
): Promise<T[]> {
  const all: T[] = [];
  for (const name of names) {
    const why = missingServer(name);
    if (why !== undefined) {
      process.stderr.write(`  ${name} is left out: ${why}\n`);
      continue;
    }
    process.stderr.write(`  ${name}\n`);
    const site = await openSite(bench, name, options);
    try {
      all.push(await work(site));
    } finally {
      await site.close();
    }
  }
  return all;
}
