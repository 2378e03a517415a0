/**
 * Connections that are cut, reset, frozen or half closed at a byte, plain and under TLS, in every kind of transfer: on
 * our own server, or, where one is named, on a real one.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobSettings } from '../../../src/config/settings.ts';
import { FtpServer, type ServerOptions } from '../../../src/server/index.ts';
import type { RunOptions } from '../../../src/sync/index.ts';
import { job, serverSettings } from '../../builders/connect.ts';
import type { AnyServer } from '../../servers/every-server.ts';
import { certificate, freePortRange, releasePort, type ServerName, startServer } from '../../servers/index.ts';
import { type Cut, type CuttingProxy, cuttingProxy } from '../cutting-proxy.ts';
import {
  count,
  type Harness,
  type HarnessOptions,
  type Outcome,
  progress,
  slice,
  spread,
  type Violation,
} from './harness.ts';
import { ferry, subject } from './subject.ts';
import { NEW, OLD } from './trees.ts';
import { attempt } from './trial.ts';

const VERBS = ['STOR', 'RETR', 'LIST', 'MLSD', 'control'] as const;
const HOWS = ['end', 'reset', 'stall', 'half-open'] as const;
const SECURITIES = ['plain', 'TLS 1.2', 'TLS 1.3'] as const;
/** What a real server is asked for: which version of TLS is for it to say, and how it lists is its own. */
const REAL_SECURITIES = ['plain', 'TLS'] as const;
/** Bytes, counted from the end where negative; below 1, a share of all. */
const OFFSETS: readonly [name: string, at: (size: number) => number][] = [
  ['0', () => 0],
  ['1', () => 1],
  ['an eighth', (size) => Math.floor(size / 8)],
  ['a quarter', (size) => Math.floor(size / 4)],
  ['half less 1', (size) => Math.floor(size / 2) - 1],
  ['half', (size) => Math.floor(size / 2)],
  ['64 KiB less 1', (size) => (size > 70_000 ? 65_535 : Math.floor(size * 0.6))],
  ['64 KiB', (size) => (size > 70_000 ? 65_536 : Math.floor(size * 0.7))],
  ['64 KiB and 1', (size) => (size > 70_000 ? 65_537 : Math.floor(size * 0.8))],
  ['last but one', (size) => size - 2],
  ['last', (size) => size - 1],
  ['the end', (size) => size],
];

type Verb = (typeof VERBS)[number];
type Security = (typeof SECURITIES)[number] | (typeof REAL_SECURITIES)[number];

interface Fault {
  readonly verb: Verb;
  readonly security: Security;
  readonly how: Cut['how'];
  readonly offset: (typeof OFFSETS)[number];
  readonly direction: 'push' | 'pull';
}

/** ms that Ferry waits under a fault. Frozen connections cost as much, several times over. */
const SHORT_WAIT = 1500;
const AT_ONCE = 6;
/** What is frozen holds a port of a real server for long; Pure-FTPd wants two for a client. */
const REAL_PORTS = 24;

const title = ({ verb, security, how, offset, direction }: Fault) =>
  `${verb} at ${offset[0]}: ${how}, ${security}, ${direction}`;

function everyFault(real: ServerName | undefined): Fault[] {
  const all: Fault[] = [];
  const unspoken = real && (real === 'vsftpd' ? 'MLSD' : 'LIST');
  for (const security of real ? REAL_SECURITIES : SECURITIES) {
    for (const verb of VERBS) {
      if (verb === unspoken) continue;
      for (const [index, offset] of OFFSETS.entries()) {
        for (const [at, how] of HOWS.entries()) {
          const either = (index + at) % 2 === 0 ? 'push' : 'pull';
          const direction = verb === 'STOR' ? 'push' : verb === 'RETR' ? 'pull' : either;
          all.push({ verb, security, how, offset, direction });
        }
      }
    }
  }
  return all;
}

/** A server behind a proxy, and the folders of one trial after the other. */
class Stand {
  readonly root = mkdtempSync(join(tmpdir(), 'ferry-torture-proxy-'));
  proxy!: CuttingProxy;
  private server: AnyServer | undefined;
  private passive: [number, number] | undefined;
  private security!: Security;
  private lists!: boolean;

  readonly real: ServerName | undefined;

  constructor(real: ServerName | undefined) {
    this.real = real;
  }

  async become(security: Security, lists: boolean): Promise<void> {
    if (this.security === security && this.lists === lists) return;
    await this.close();
    this.passive = await freePortRange(this.real ? REAL_PORTS : 6);
    const tls = security === 'plain' ? 'none' : 'explicit';
    this.server = this.real
      ? await startServer(this.real, { tls, root: this.root, passivePorts: this.passive })
      : await this.ours(security, lists, this.passive);
    this.proxy = await cuttingProxy(this.server, this.passive);
    this.security = security;
    this.lists = lists;
  }

  private async ours(security: Security, lists: boolean, passive: [number, number]): Promise<AnyServer> {
    const { ca, certificateFile, keyFile } = certificate();
    const tls = security !== 'plain';
    const version = security === 'TLS 1.2' ? { maxVersion: 'TLSv1.2' as const } : {};
    const options: ServerOptions = {
      users: [{ name: 'tester', password: 'geheim-42', home: this.root }],
      passivePorts: passive,
      // What the proxy freezes must not hold the ports for long.
      dataTimeout: 3000,
      connectTimeout: 3000,
      ...(lists ? { withoutFeatures: ['MLST'] } : {}),
      ...(tls ? { tls: { cert: readFileSync(certificateFile), key: readFileSync(keyFile), ...version } } : {}),
    };
    const server = new FtpServer(options);
    const at = await server.listen();
    const handle = { name: 'ours', ...at, user: 'tester', password: 'geheim-42', root: this.root } as const;
    return { ...handle, tls: tls ? 'explicit' : 'none', ca, log: () => '', stop: () => server.close(0) };
  }

  job(name: string, direction: 'push' | 'pull', wait: number | undefined): JobSettings {
    const waits = wait === undefined ? {} : { connectTimeout: wait, replyTimeout: wait, dataTimeout: wait };
    // One connection, so that a byte is a byte of one transfer. The certificate is for another loopback address.
    const handle = { ...this.server!, host: this.proxy.host };
    const server = serverSettings(handle, { connections: 1, tls: { verify: false }, ...waits });
    const changes = { direction, remote: `/${name}`, retries: 2, maxDelete: { percent: 100 }, server } as const;
    return job(handle, join(this.root, `${name}-local`), changes);
  }

  async close(): Promise<void> {
    await this.proxy?.close();
    await this.server?.stop();
    for (let [port, last] = this.passive ?? [1, 0]; port <= last; port++) releasePort(port);
  }

  async end(): Promise<void> {
    await this.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Which data connection is meant: of the big file, or of a listing. */
const MEANT: Record<Verb, RegExp> = {
  STOR: /^> STOR .*big\.bin/,
  RETR: /^> RETR .*big\.bin/,
  LIST: /^> LIST/,
  MLSD: /^> MLSD/,
  control: /^/,
};

async function tryFault(fault: Fault, stand: Stand, name: string, size: number | undefined, run: Partial<RunOptions>) {
  const { verb, how, direction, offset } = fault;
  const local = join(stand.root, `${name}-local`);
  const [remote, state] = [join(stand.root, name), join(stand.root, `${name}-state`)];
  let current = '';
  const wire = (line: string) => {
    if (/^> (STOR|APPE|RETR|LIST|MLSD|NLST)/.test(line)) current = line;
  };
  let unused = false;
  let measured = 0;
  try {
    const tried = await attempt({
      direction,
      local,
      remote,
      state,
      before: OLD,
      after: NEW,
      unhurried: stand.real !== undefined,
      settings: stand.job(name, direction, size === undefined ? undefined : SHORT_WAIT),
      calm: stand.job(name, direction, undefined),
      options: { ...run, wire },
      begin: () => {
        (stand.proxy.ended as unknown[]).length = 0;
        if (size === undefined) return;
        stand.proxy.cutNext({
          on: verb === 'control' ? 'control' : 'data',
          direction: verb === 'STOR' || (verb === 'control' && HOWS.indexOf(how) % 2 === 0) ? 'up' : 'down',
          after: Math.max(0, offset[1](size)),
          how,
          // What another tool sends cannot be seen here: its first data connection of the size is hit.
          when: () => subject() !== ferry || MEANT[verb].test(current),
        });
      },
      end: () => {
        unused = stand.proxy.pending;
        stand.proxy.spare();
        const sizes = stand.proxy.ended.filter(({ on }) => on === (verb === 'control' ? 'control' : 'data'));
        measured = Math.max(
          0,
          ...sizes.map(({ up, down }) => (verb === 'control' ? Math.min(up, down) : Math.max(up, down))),
        );
        stand.proxy.dropAll();
      },
    });
    return { tried, unused: size !== undefined && unused, measured };
  } finally {
    for (const folder of [local, remote, state]) rmSync(folder, { recursive: true, force: true });
  }
}

/** How many bytes the transfer that is meant takes on the wire, without a fault. */
const listed = ({ verb }: Fault) => verb === 'LIST' || verb === 'MLSD';

/** @param run what is put in the place of parts of every run under a fault: the bench itself is tried so */
export async function cutConnections(options: HarnessOptions, run: Partial<RunOptions> = {}): Promise<Outcome> {
  const all = slice(everyFault(options.server), options, 6, title);
  const violations: Violation[] = [];
  const stands = Array.from({ length: Math.min(AT_ONCE, all.length) }, () => new Stand(options.server));
  const sizes = new Map<string, Promise<number>>();
  const done = progress(options, all.length);
  let unused = 0;
  const sizeFor = (fault: Fault, stand: Stand, index: number): Promise<number> => {
    const key = `${fault.verb} ${fault.security} ${fault.direction}`;
    const known = sizes.get(key);
    if (known) return known;
    const measuring = tryFault(fault, stand, `m${index}`, undefined, {}).then(({ measured }) =>
      // Of the many data connections the largest is the big file's; listings are small, and much alike.
      listed(fault) ? 700 : measured,
    );
    sizes.set(key, measuring);
    return measuring;
  };
  try {
    await spread(all, stands, async (fault, stand, index) => {
      await stand.become(fault.security, fault.verb === 'LIST');
      const size = await sizeFor(fault, stand, index);
      const { tried, unused: idle } = await tryFault(fault, stand, `t${index}`, size, run);
      if (idle) unused++;
      for (const { wrong, what } of tried.violations) violations.push({ wrong, what: `${title(fault)}: ${what}` });
      if (idle) options.say(`never happened: ${title(fault)}`);
      done();
    });
  } finally {
    await Promise.all(stands.map((stand) => stand.end()));
  }
  const others = violations.length - count(violations, 'lost', 'torn', 'false success', 'hang');
  return {
    line:
      `${options.server ? `${options.server}, ` : ''}${all.length} faults: ${count(violations, 'lost')} lost, ${count(violations, 'torn')} torn, ` +
      `${count(violations, 'false success')} false success, ${count(violations, 'hang')} hangs over 60 s` +
      (others > 0 ? `, ${others} otherwise wrong` : ''),
    violations,
    ...(unused > 0 ? { tooFew: `${unused} faults never happened` } : {}),
  };
}

export const proxy: Harness = { name: 'proxy', run: (options) => cutConnections(options) };
