// A real server on a folder of the bench's, near or far, and the throw-away places on it that runs write to.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  availableServers,
  freePortRange,
  type RealServer,
  releasePort,
  type ServerName,
  startServer,
} from '../test/servers/index.ts';
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
  const { server, distance, release } = distant ? await far(name, root) : await near(name, root);
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
      release();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

interface Opened {
  readonly server: RealServer;
  readonly distance: Distance | undefined;
  release(): void;
}

const near = async (name: ServerName, root: string): Promise<Opened> => ({
  server: await startServer(name, { root }),
  distance: undefined,
  release: () => {},
});

async function far(name: ServerName, root: string): Promise<Opened> {
  // A port that is free on the server's address may be taken on the line's; others are then.
  for (let attempt = 1; ; attempt += 1) {
    const range = await freePortRange(dataPorts);
    const release = (): void => {
      for (let port = range[0]; port <= range[1]; port += 1) releasePort(port);
    };
    const server = await startServer(name, { root, passivePorts: range });
    try {
      return { server, distance: await distanceTo(server, range), release };
    } catch (error) {
      await server.stop();
      release();
      if (attempt === 3) throw error;
    }
  }
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
