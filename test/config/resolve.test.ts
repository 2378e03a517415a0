import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type Config,
  type ConfigText,
  configOf,
  loadConfig,
  resolveJob,
  resolvePair,
  resolveRemote,
  secretsMask,
} from '../../src/config/index.ts';
import { Filter } from '../../src/diff/index.ts';
import { ConfigError, toRelPath, UsageError } from '../../src/model/index.ts';
import { type TestFolder, testFolder } from './folder.ts';

const JOB = { direction: 'push', local: 'public', server: 'web' };
const PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';

async function configIn(folder: TestFolder, text: object, mode = 0o600): Promise<Config> {
  folder.write('sync.config.json', text, mode);
  const config = await loadConfig({ surroundings: folder.surroundings() });
  if (!config) throw new Error('no configuration');
  return config;
}

const webAnd = (server: object, job: object = {}) => ({
  servers: { web: { url: 'ftpes://me@h', ...server } },
  jobs: { site: { ...JOB, ...job } },
});

async function site(server: object, job: object = {}, options: Parameters<typeof resolveJob>[2] = {}) {
  const folder = testFolder();
  const config = await configIn(folder, webAnd(server, job));
  return resolveJob(config, 'site', { surroundings: folder.surroundings(), ...options });
}

describe('a job', () => {
  test('has defaults for all that it does not say', async () => {
    const folder = testFolder();
    const config = await configIn(folder, webAnd({}));
    const { server, ...job } = await resolveJob(config, 'site', { surroundings: folder.surroundings() });
    expect(job).toEqual({
      name: 'site',
      direction: 'push',
      local: join(folder.path, 'public'),
      remote: '',
      remoteUrl: 'ftpes://me@h',
      include: [],
      exclude: [],
      delete: 'tracked',
      compare: 'auto',
      maxDelete: 'default',
      drift: 'overwrite',
      conflict: 'keep-both',
      links: 'skip',
      order: [],
      chmod: 'none',
      limitRate: null,
      retries: 5,
      maxDuration: null,
      maxTransfer: null,
      watch: { settle: 500, rescan: 900_000, poll: 60_000, polling: false },
    });
    expect(server).toEqual({
      protocol: 'ftpes',
      host: 'h',
      port: 21,
      user: 'me',
      password: expect.any(Function),
      connections: 8,
      tls: { verify: true },
      encoding: 'utf-8',
      mode: 'auto',
      connectTimeout: 15_000,
      replyTimeout: 60_000,
      dataTimeout: 60_000,
    });
  });

  test('says the rest in units of its own', async () => {
    const job = await site(
      {
        activePorts: '50000-50100',
        account: 'a',
        sourceAddress: '10.0.0.1',
        activeAddress: '1.2.3.4',
        longestListing: '1k',
      },
      {
        remote: 'htdocs',
        maxDelete: '30%',
        chmod: { files: '644', directories: '0755' },
        limitRate: '2M',
        maxDuration: '2h',
        maxTransfer: '1G',
        retries: 0,
      },
    );
    expect(job).toMatchObject({
      remote: '~/htdocs',
      remoteUrl: 'ftpes://me@h/~/htdocs',
      maxDelete: { percent: 30 },
      chmod: { files: 0o644, directories: 0o755 },
      limitRate: 2_000_000,
      maxDuration: 7_200_000,
      maxTransfer: 1_000_000_000,
      retries: 0,
      server: {
        activePorts: [50_000, 50_100],
        account: 'a',
        sourceAddress: '10.0.0.1',
        activeAddress: '1.2.3.4',
        longestListing: 1000,
      },
    });
  });

  test('cannot be changed afterwards', async () => {
    const job = await site({ tls: { pin: 'ab'.repeat(32) } });
    for (const part of [job, job.server, job.server.tls, job.server.tls.pin, job.exclude])
      expect(Object.isFrozen(part)).toBe(true);
  });

  test.each([
    ['../site', (path: string) => join(path, '../site')],
    ['/srv/site', () => '/srv/site'],
    ['~/site', (path: string) => join(path, 'home/site')],
    ['.', (path: string) => path],
  ])('its folder %s is relative to the file', async (local, absolute) => {
    const folder = testFolder();
    const config = await configIn(folder, webAnd({}, { local }));
    const job = await resolveJob(config, 'site', { surroundings: folder.surroundings({ cwd: '/' }) });
    expect(job.local).toBe(absolute(folder.path));
  });

  test('takes the folder from the URL of its server', async () => {
    expect(await site({ url: 'ftp://me@h/htdocs' })).toMatchObject({
      remote: '/htdocs',
      remoteUrl: 'ftp://me@h/htdocs',
    });
    expect(await site({}, { server: 'ftps://me@g/x' })).toMatchObject({
      remote: '/x',
      server: { host: 'g', port: 990 },
    });
  });

  test('what says how to get into the server is never carried to it', async () => {
    const folder = testFolder();
    folder.write('in [it]/pass word', 'secret', 0o600);
    const password = { file: 'in [it]/pass word' };
    const here = await configIn(folder, webAnd({ password }, { local: '.', exclude: ['a'] }));
    const { exclude } = await resolveJob(here, 'site', { surroundings: folder.surroundings() });
    expect(exclude).toEqual(['/sync.config.json', '/in\\ \\[it\\]/pass\\ word', 'a']);
    const filter = new Filter({ include: [], exclude, ignoreFiles: [] });
    for (const path of ['sync.config.json', 'in [it]/pass word', 'a']) {
      expect(filter.admits(toRelPath(path), 'file')).toBe(false);
    }
    for (const path of ['deep/sync.config.json', 'pass word']) {
      expect(filter.admits(toRelPath(path), 'file')).toBe(true);
    }
  });

  test('and not when the local folder is named by a link to it', async () => {
    const folder = testFolder();
    folder.write('site/key', 'secret', 0o600);
    const link = join(folder.path, 'current');
    symlinkSync(join(folder.path, 'site'), link);
    const here = await configIn(folder, webAnd({ password: { file: 'site/key' } }, { local: link }));
    const { exclude } = await resolveJob(here, 'site', { surroundings: folder.surroundings() });
    expect(exclude).toEqual(['/key']);
  });

  test('a configuration that is no file leaves nothing out', async () => {
    const surroundings = { ...testFolder().surroundings(), cwd: process.cwd() };
    const here = configOf(
      { servers: { web: { url: 'ftp://h' } }, jobs: { site: { ...JOB, local: '.' } } } as ConfigText,
      {
        surroundings,
      },
    );
    expect((await resolveJob(here, 'site', { surroundings })).exclude).toEqual([]);
  });

  test('the command line replaces what it says, and adds patterns', async () => {
    const written = {
      exclude: ['a'],
      include: ['b'],
      delete: 'none',
      compare: 'size',
      maxDelete: 3,
      limitRate: 5,
      maxDuration: 5,
      maxTransfer: 5,
      retries: 1,
      drift: 'keep',
      links: 'follow',
      order: ['x'],
      chmod: 'preserve',
      connections: 2,
    };
    const overrides = {
      exclude: ['c'],
      include: ['d'],
      delete: 'all',
      compare: 'hash',
      maxDelete: { percent: 9 },
      limitRate: null,
      maxDuration: 7,
      maxTransfer: 8,
      retries: 0,
      drift: 'fail',
      links: 'skip',
      order: ['y'],
      chmod: 'none',
      conflict: 'local',
    } as const;
    expect(await site({}, written, { overrides })).toMatchObject({
      ...overrides,
      exclude: ['a', 'c'],
      include: ['b', 'd'],
    });
  });

  test('hooks run in the folder of the configuration, one program or several; and can be left out', async () => {
    const wanted = {
      hooks: { before: ['./mount'], after: [['a'], ['b', 'c']], timeout: '2m' },
      heartbeat: 'https://hc/1',
    };
    expect(await site({}, wanted)).toMatchObject({
      hooks: {
        before: [['./mount']],
        after: [['a'], ['b', 'c']],
        failed: [],
        heartbeat: 'https://hc/1',
        timeout: 120_000,
        folder: expect.stringMatching(/^\//),
      },
    });
    expect(await site({}, { heartbeat: ['beat'] })).toMatchObject({ hooks: { heartbeat: ['beat'], timeout: 300_000 } });
    expect(await site({}, wanted, { overrides: { hooks: false } })).not.toHaveProperty('hooks');
    expect(await site({}, {})).not.toHaveProperty('hooks');
  });

  test('an override that is undefined changes nothing', async () =>
    expect(
      await site({}, { delete: 'none', retries: 2 }, { overrides: { delete: undefined, retries: undefined } }),
    ).toMatchObject({
      delete: 'none',
      retries: 2,
    }));

  test.each([
    ['the default', {}, {}, {}, 8],
    ['the server', { connections: 6 }, {}, {}, 6],
    ['the job', { connections: 6 }, { connections: 2 }, {}, 2],
    ['the command line', { connections: 6 }, { connections: 2 }, { connections: 1 }, 1],
  ])('connections are settled by %s', async (_, server, job, overrides, connections) =>
    expect((await site(server, job, { overrides })).server.connections).toBe(connections),
  );

  test.each([
    ['the server, for all waits', { timeout: 5 }, {}, {}, [5000, 5000, 5000]],
    ['the server, for one', { timeout: { data: '2m' } }, {}, {}, [15_000, 60_000, 120_000]],
    [
      'the job, over the server',
      { timeout: { data: '2m', reply: 9 } },
      { timeout: { data: 3 } },
      {},
      [15_000, 9000, 3000],
    ],
    ['what a timer can hold', { timeout: '30d' }, {}, {}, [2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1]],
    ['the command line, over all', { timeout: 5 }, { timeout: { data: 3 } }, { timeout: 700 }, [700, 700, 700]],
  ])('deadlines are settled by %s', async (_, server, job, overrides, [connect, reply, data]) =>
    expect((await site(server, job, { overrides })).server).toMatchObject({
      connectTimeout: connect,
      replyTimeout: reply,
      dataTimeout: data,
    }),
  );

  test('a verb that is not its direction is told the right command', async () => {
    await expect(site({}, {}, { verb: 'pull' })).rejects.toThrow(UsageError);
    await expect(site({}, {}, { verb: 'pull' })).rejects.toThrow('the job site is a push; run: ferry push site');
    await expect(site({}, {}, { verb: 'push' })).resolves.toMatchObject({ direction: 'push' });
  });

  test('that is not there', async () => {
    const folder = testFolder();
    const config = await configIn(folder, webAnd({}));
    await expect(resolveJob(config, 'siet')).rejects.toThrow(/there is no job siet in .*; did you mean site\?/);
    await expect(resolveJob(config, 'constructor')).rejects.toThrow('its jobs are site');
    await expect(resolveJob(config, '__proto__')).rejects.toThrow(UsageError);
  });
});

describe('who logs in', () => {
  const NETRC = 'machine h login netrc-user password netrc-password account netrc-account';
  test.each([
    ['the user of the URL', 'ftp://url-user@h', undefined, NETRC, 'url-user'],
    ['the user of the configuration', 'ftp://h', 'config-user', NETRC, 'config-user'],
    ['the user of ~/.netrc', 'ftp://h', undefined, NETRC, 'netrc-user'],
    ['anonymous', 'ftp://h', undefined, '', 'anonymous'],
  ])('%s', async (_, url, user, netrc, who) => {
    const folder = testFolder();
    folder.write('home/.netrc', netrc);
    const config = await configIn(folder, { servers: { web: { url, ...(user && { user }) } }, jobs: { site: JOB } });
    const { server } = await resolveJob(config, 'site', { surroundings: folder.surroundings() });
    expect(server.user).toBe(who);
    if (who === 'netrc-user') {
      expect(server.account).toBe('netrc-account');
      expect(await server.password()).toBe('netrc-password');
    }
  });
});

describe.skipIf(process.platform === 'win32')('a password in a file that others can read', () => {
  test.each([
    ['as a key', { password: 'hunter2' }, 'servers.web.password'],
    ['in the URL', { url: 'ftp://me:hunter2@h' }, 'the url of servers.web'],
  ])('%s is refused, with two ways out', async (_, server, key) => {
    const folder = testFolder();
    const config = await configIn(folder, webAnd(server), 0o644);
    const job = resolveJob(config, 'site', { surroundings: folder.surroundings() });
    await expect(job).rejects.toThrow(ConfigError);
    await expect(job).rejects.toThrow(
      `${config.file} holds a password (${key}) and others on this machine can read it: ` +
        'run chmod 600 on it, or write "password": { "env": "NAME" } instead',
    );
  });

  test('is taken where only the owner can read it', async () => {
    expect(await (await site({ password: 'hunter2' })).server.password()).toBe('hunter2');
    expect(await (await site({ url: 'ftp://me:hunter3@h' })).server.password()).toBe('hunter3');
  });

  test('other sources do not mind', async () => {
    const folder = testFolder();
    const config = await configIn(folder, webAnd({ password: { env: 'X' } }), 0o644);
    const surroundings = folder.surroundings({ env: { X: 'abc' } });
    expect(await (await resolveJob(config, 'site', { surroundings })).server.password()).toBe('abc');
  });
});

describe('TLS', () => {
  test('certificates are read from files relative to the configuration, or taken as they are', async () => {
    const folder = testFolder();
    folder.write('certs/ca.pem', PEM);
    folder.write('home/key.pem', `${PEM}key`);
    const tls = { ca: 'certs/ca.pem', cert: PEM, key: '~/key.pem', verify: false, minVersion: 'TLSv1.3' };
    const config = await configIn(folder, webAnd({ tls }));
    const job = await resolveJob(config, 'site', { surroundings: folder.surroundings({ cwd: '/' }) });
    expect(job.server.tls).toEqual({ verify: false, ca: PEM, cert: PEM, key: `${PEM}key`, minVersion: 'TLSv1.3' });
  });

  test.each([
    ['is not there', 'none.pem', 'could not be read: nothing is there (ENOENT)'],
    ['is something else', 'sync.config.json', 'is not PEM text'],
  ])('a certificate that %s', async (_, ca, why) => {
    await expect(site({ tls: { ca } })).rejects.toThrow(ConfigError);
    await expect(site({ tls: { ca } })).rejects.toThrow(`${ca}, named at servers.web.tls.ca, ${why}`);
  });

  test('fingerprints are written in one way', async () => {
    const colons = Array.from({ length: 32 }, () => 'AB').join(':');
    expect((await site({ tls: { pin: 'ab'.repeat(32) } })).server.tls.pin).toEqual([colons]);
    expect((await site({ tls: { pin: [colons.toLowerCase(), colons] } })).server.tls.pin).toEqual([colons, colons]);
  });
});

describe('a folder and a URL', () => {
  const surroundings = testSurroundings();
  function testSurroundings() {
    return { cwd: '/work', home: '/none', env: {} };
  }

  test.each([
    ['a folder, then a URL', 'public', 'ftpes://me@h/x', undefined, 'push', '/work/public ftpes://me@h/x'],
    ['the same, with the verb', 'public', 'ftpes://me@h/x', 'push', 'push', '/work/public ftpes://me@h/x'],
    ['a URL, then a folder', 'ftpes://me@h/x', 'public', 'pull', 'pull', 'ftpes://me@h/x /work/public'],
    ['sync takes a folder first', 'public', 'ftpes://me@h/x', 'sync', 'sync', '/work/public ftpes://me@h/x'],
    ['sync takes a URL first', 'ftpes://me@h/x', 'public', 'sync', 'sync', 'ftpes://me@h/x /work/public'],
  ] as const)('%s', async (_, source, destination, verb, direction, name) => {
    const job = await resolvePair(source, destination, { verb, surroundings });
    expect(job).toMatchObject({ name, direction, local: '/work/public', remote: '/x', remoteUrl: 'ftpes://me@h/x' });
  });

  test.each([
    [
      'the verb says the other direction',
      'public',
      'ftp://me@h/x',
      'pull',
      'ferry pull copies from a server to a local folder; run: ferry pull ftp://me@h/x public, or: ferry push public ftp://me@h/x',
    ],
    [
      'and the other way round',
      'ftp://me@h/x',
      'public',
      'push',
      'ferry push copies from a local folder to a server; run: ferry push public ftp://me@h/x, or: ferry pull ftp://me@h/x public',
    ],
    ['two folders', 'a', 'b', 'push', 'neither a nor b is a URL'],
    ['two URLs', 'ftp://h', 'ftp://g', 'push', 'both are URLs'],
    ['another protocol', 'a', 'sftp://h', 'push', 'SFTP is part of SSH'],
  ] as const)('refused: %s', async (_, source, destination, verb, message) => {
    const pair = resolvePair(source, destination, { verb, surroundings });
    await expect(pair).rejects.toThrow(UsageError);
    await expect(pair).rejects.toThrow(message);
  });

  test('a password in the URL works, is masked, and is in neither name nor message', async () => {
    const url = 'ftp://me:pair%20secret@h/x';
    const job = await resolvePair('public', url, { surroundings });
    expect(secretsMask().mask(url)).toBe('ftp://me:***@h/x');
    expect(await job.server.password()).toBe('pair secret');
    expect(JSON.stringify(job)).not.toContain('secret');
    await expect(resolvePair('public', url, { verb: 'pull', surroundings })).rejects.not.toThrow(/secret/);
  });

  test('without a password the message does not send to a file that is not there', async () => {
    const job = await resolvePair('public', 'ftp://me@h', { surroundings });
    await expect(job.server.password()).rejects.toThrow('at servers.NAME.password in sync.config.json');
  });
});

describe('a place to look at', () => {
  test.each([
    ['a server', 'web', { remote: '/base', remoteUrl: 'ftpes://me@h/base' }],
    ['a job', 'site', { remote: '/base', server: { connections: 2 } }],
    ['a URL', 'ftp://g/x', { remote: '/x', remoteUrl: 'ftp://g/x' }],
  ])('may be %s', async (_, place, found) => {
    const folder = testFolder();
    const config = await configIn(folder, webAnd({ url: 'ftpes://me@h/base' }, { connections: 2 }));
    expect(await resolveRemote(config, place, { surroundings: folder.surroundings() })).toMatchObject(found);
  });

  test('that is nothing', async () => {
    const folder = testFolder();
    const surroundings = folder.surroundings();
    const config = await configIn(folder, webAnd({}));
    await expect(resolveRemote(config, 'wbe', { surroundings })).rejects.toThrow(
      /neither a URL nor a server nor a job in .*did you mean web\?/,
    );
    await expect(resolveRemote(null, 'web', { surroundings })).rejects.toThrow('there is no sync.config.json here');
  });
});
