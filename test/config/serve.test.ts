/** The `serve` section: what is read, made absolute, and refused. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig, parseConfig, resolveServe } from '../../src/config/index.ts';

const HASH = 'scrypt:16384:8:1:c2FsdA==:a2V5';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-serve-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function resolved(serve: unknown, { mode = 0o600, env = {} } = {}) {
  const file = join(folder, 'sync.config.json');
  await writeFile(file, JSON.stringify({ serve }));
  await chmod(file, mode);
  const surroundings = { cwd: folder, env, home: '/home/me' };
  const config = await loadConfig({ file, surroundings });
  return resolveServe(config!, surroundings);
}

test('every key arrives, in bytes and milliseconds, with absolute paths', async () => {
  await writeFile(join(folder, 'c.pem'), 'CERT');
  await writeFile(join(folder, 'k.pem'), 'KEY');
  await writeFile(join(folder, 'word'), 'from a file\n');
  const settings = await resolved(
    {
      folder: 'drop',
      host: '::',
      port: 21,
      users: {
        ann: {
          password: HASH,
          home: '~/ann',
          permissions: 'elr',
          folders: { '/in': 'elw', '/x': { permissions: '', recursive: false } },
        },
        'bob@example.com': { password: { file: 'word' }, connections: 2, welcome: 'Hi' },
        eve: { password: { env: 'EVE' } },
      },
      anonymous: { home: '/srv/pub' },
      tls: {
        cert: 'c.pem',
        key: 'k.pem',
        passphrase: 'open',
        minVersion: 'TLSv1.3',
        required: true,
        requireSessionReuse: true,
      },
      banner: 'Hello',
      passivePorts: '50000-50100',
      masquerade: '192.0.2.7',
      active: false,
      connections: 20,
      connectionsPerAddress: 3,
      loginAttempts: 2,
      loginDelay: '500ms',
      timeouts: { login: 5, idle: '2m', data: 30, connect: 10 },
      uploadRate: '2M',
      downloadRate: 500,
      temporaryUploads: true,
      syncUploads: true,
      links: 'follow',
      hooks: {
        stored: ['./ocr', '{file}'],
        sent: { command: ['log'], folder: '/out' },
        login: [{ command: ['a'] }, { command: ['b'] }],
      },
      grace: '1m',
    },
    { env: { EVE: 'from env' } },
  );
  expect(settings).toEqual({
    root: join(folder, 'drop'),
    host: '::',
    port: 21,
    users: [
      {
        name: 'ann',
        password: HASH,
        home: '/home/me/ann',
        permissions: 'elr',
        overrides: [
          { path: '/in', permissions: 'elw' },
          { path: '/x', permissions: '', recursive: false },
        ],
      },
      { name: 'bob@example.com', password: 'from a file', maxConnections: 2, welcome: 'Hi' },
      { name: 'eve', password: 'from env' },
    ],
    anonymous: { home: '/srv/pub' },
    tls: {
      cert: 'CERT',
      key: 'KEY',
      passphrase: 'open',
      minVersion: 'TLSv1.3',
      required: true,
      requireSessionReuse: true,
    },
    banner: 'Hello',
    passivePorts: [50_000, 50_100],
    passiveAddress: '192.0.2.7',
    activeMode: false,
    maxConnections: 20,
    maxConnectionsPerAddress: 3,
    maxLoginAttempts: 2,
    loginDelay: 500,
    loginTimeout: 5000,
    idleTimeout: 120_000,
    dataTimeout: 30_000,
    connectTimeout: 10_000,
    uploadRate: 2_000_000,
    downloadRate: 500,
    temporaryUploads: true,
    syncUploads: true,
    links: 'follow',
    hooks: {
      stored: [{ command: [join(folder, 'ocr'), '{file}'] }],
      sent: [{ command: ['log'], folder: '/out' }],
      login: [{ command: ['a'] }, { command: ['b'] }],
    },
    grace: 60_000,
  });
});

describe('a password in a file that others can read', () => {
  test('is refused, and not shown', async () => {
    const attempt = resolved({ folder: '.', users: { ann: { password: 'topsecret' } } }, { mode: 0o644 });
    await expect(attempt).rejects.toThrow(/^serve\.users\.ann\.password in .* others on this machine can read.*--hash/);
    await expect(attempt).rejects.not.toThrow(/topsecret/);
  });

  test('may stand there as a hash', async () => {
    const { users } = await resolved({ folder: '.', users: { ann: { password: HASH } } }, { mode: 0o644 });
    expect(users[0]?.password).toBe(HASH);
  });
});

test.each([
  [{ users: { ann: { home: '/x' } } }, /serve\.users\.ann\.password .*missing; wanted text/],
  [
    { users: { ann: { password: HASH, permissions: 'elx' } } },
    /permissions .*found "elx", wanted letters of elradfmwMT/,
  ],
  [{ users: { ann: { password: HASH, folders: { in: 'elr' } } } }, /folders.*in .*wanted a path as clients see it/],
  [{ tls: { cert: 'c.pem' } }, /serve\.tls\.key .*missing/],
  [{ passivePorts: '9-1' }, /serve\.passivePorts .*9-1 is no range of ports/],
  [{ masquerade: 'example.com' }, /serve\.masquerade .*wanted an IPv4 address/],
  [{ hooks: { stored: [] } }, /serve\.hooks\.stored/],
  [{ hooks: { store: ['x'] } }, /serve\.hooks\.store .*unknown key; did you mean stored\?/],
  [{ uploadRate: '0k' }, /uploadRate: 0 moves nothing/],
  [{ idleTimeout: 5 }, /serve\.idleTimeout .*unknown key/],
])('%j is refused', (serve, message) => {
  expect(() => parseConfig(JSON.stringify({ serve }), 'f')).toThrow(message);
});

test('a certificate that cannot be read is named', async () => {
  await expect(resolved({ tls: { cert: 'none.pem', key: 'k' } })).rejects.toThrow(
    /none\.pem, named at serve\.tls\.cert/,
  );
});

test('the example in docs/serve.md is right', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/serve.md'), 'utf8');
  const example = /```json\n([\s\S]*?)```/.exec(text)?.[1];
  expect(parseConfig(example!, 'docs/serve.md').serve?.users).toHaveProperty('scanner');
});
