/** Scripts rely on the exit codes: each one, as it comes about. */
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { scripted, serverCertificate } from '../ftp/scripted.ts';
import { tlsFiles } from '../server/raw.ts';
import { certificate } from '../servers/certificate.ts';
import { type Ended, eventsOf, makeWorld, manyFiles, until, type World } from './harness.ts';

let world: World;
afterEach(() => world.close());

/** `site` with some files, pushed once. */
async function pushed(count: number, options: Parameters<typeof makeWorld>[0] = {}): Promise<void> {
  world = await makeWorld(options);
  await world.write(manyFiles('site', count));
  expect(await world.ferry('push', 'site', world.url)).toMatchObject({ code: 0 });
}

const push = (...flags: readonly string[]): Promise<Ended> => world.ferry('push', 'site', world.url, ...flags);

describe('0: both sides agree', () => {
  test('a push, a push of nothing, a pull', async () => {
    await pushed(3);
    expect(await world.files('server:www')).toEqual(await world.files('site'));
    expect(await push('-q')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await world.ferry('pull', world.url, 'copy')).toMatchObject({ code: 0, stdout: '' });
    expect(await world.files('copy')).toEqual(await world.files('site'));
  });

  test('an edit that keeps the size is sent, and nothing else', async () => {
    await pushed(5);
    await world.write({ 'site/file-3.txt': 'CONTENT 3\n' });
    const events = eventsOf(await push('--json'));
    const done = events.filter(({ type, status }) => type === 'action' && status === 'done');
    expect(done.map(({ path }) => path)).toEqual(['file-3.txt']);
    expect((await world.files('server:www'))['file-3.txt']).toBe('CONTENT 3\n');
  });

  test('a job of the configuration, from a folder below it', async () => {
    world = await makeWorld();
    await world.write({
      'site/a.txt': 'a',
      'sync.config.json': JSON.stringify({
        servers: { web: { url: `ftp://ann@127.0.0.1:${world.port}`, password: { env: 'FERRY_PASSWORD' } } },
        jobs: { site: { direction: 'push', local: 'site', server: 'web', remote: '/www' } },
      }),
    });
    // The only push job needs no name.
    expect(await world.ferry('push')).toMatchObject({ code: 0 });
    expect(await world.files('server:www')).toEqual({ 'a.txt': 'a' });
  });

  test('a dry run and a plan change nothing', async () => {
    world = await makeWorld();
    await world.write({ 'site/a.txt': 'a' });
    const dry = await push('-n');
    expect(dry).toMatchObject({ code: 0, stdout: '' });
    expect(dry.stderr).toMatch(/\+ a\.txt {2}1 B/);
    const plan = await world.ferry('plan', 'site', world.url);
    expect(plan.code).toBe(0);
    expect(plan.stdout).toMatch(/\+ a\.txt {2}1 B/);
    expect(await world.files('server:')).toEqual({});

    await mkdir(join(world.serverFolder, 'www'));
    await writeFile(join(world.serverFolder, 'www/there.txt'), 'there');
    const pull = await world.ferry('plan', world.url, 'copy');
    expect(pull.code).toBe(0);
    expect(pull.stdout).toMatch(/\+ there\.txt/);
    expect(await world.files('.')).toEqual({ 'site/a.txt': 'a' });
  });

  test('both ways: each side gets what the other one has', async () => {
    await pushed(2);
    expect(await world.ferry('sync', 'site', world.url)).toMatchObject({ code: 0 });
    await world.write({ 'site/here.txt': 'here' });
    await writeFile(join(world.serverFolder, 'www/there.txt'), 'there');
    expect(await world.ferry('sync', 'site', world.url)).toMatchObject({ code: 0 });
    expect(await world.files('site')).toMatchObject({ 'here.txt': 'here', 'there.txt': 'there' });
    expect(await world.files('server:www')).toEqual(await world.files('site'));
  });
});

describe('1: what nobody foresaw', () => {
  /** Node runs this before the command. */
  const meddling = (script: string) => ({
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(script)}`,
  });

  test('an error from nowhere says that it is a bug, without the password', async () => {
    world = await makeWorld({ uploadRate: 100_000 });
    await world.write({ 'site/big.bin': Buffer.alloc(20_000_000) });
    const env = meddling(`
      const lookout = setInterval(() => {
        if (process.listenerCount('uncaughtException') === 0) return;
        clearInterval(lookout);
        throw new Error('lost it: ' + process.env.FERRY_PASSWORD);
      }, 5);
    `);
    const { code, stderr } = await world.ferryWith(env, 'push', 'site', world.url);
    expect(code).toBe(1);
    expect(stderr).toMatch(/this is a bug, please report it.*lost it: \*\*\*\n\s+at /s);
  });

  test('one within a run ends it with its summary', async () => {
    world = await makeWorld();
    await world.write({ 'site/a.txt': 'a' });
    const env = meddling('AbortSignal.prototype.throwIfAborted = () => { throw new TypeError("no signal") }');
    const ended = await world.ferryWith(env, 'push', 'site', world.url, '--json');
    expect(ended.code).toBe(1);
    expect(eventsOf(ended).at(-1)).toMatchObject({
      type: 'summary',
      exitCode: 1,
      message: expect.stringMatching(/this is a bug.*no signal/s),
    });
  });
});

describe('3: some paths failed, the rest is done', () => {
  test.skipIf(process.platform === 'win32')('a file that cannot be read', async () => {
    world = await makeWorld({ rights: true });
    await world.write({ 'site/a.txt': 'a', 'site/secret.txt': 's', 'site/z.txt': 'z' });
    await chmod(join(world.folder, 'site/secret.txt'), 0);
    const { code, stderr } = await push();
    expect(code).toBe(3);
    expect(stderr).toMatch(/secret\.txt/);
    expect(await world.files('server:www')).toEqual({ 'a.txt': 'a', 'z.txt': 'z' });
  });

  test('a conflict that is to be left alone', async () => {
    world = await makeWorld();
    await world.write({ 'site/a.txt': 'a', 'site/b.txt': 'b' });
    const sync = () => world.ferry('sync', 'site', world.url, '--conflict', 'fail');
    expect((await sync()).code).toBe(0);
    await world.write({ 'site/a.txt': 'here' });
    await writeFile(join(world.serverFolder, 'www/a.txt'), 'there, too');
    const { code, stderr } = await sync();
    expect(code).toBe(3);
    expect(stderr).toMatch(/^problem: a\.txt: it changed on both sides and was left as it is; --conflict keep-both/m);
    expect(stderr).toMatch(/Exit 3: 1 path could not be brought in step/);
    expect((await world.files('server:www'))['a.txt']).toBe('there, too');
  });

  test('a path that the server refuses', async () => {
    world = await makeWorld({
      users: [
        {
          name: 'ann',
          password: 'S3cret/pass word%',
          overrides: [{ path: '/www/locked', permissions: 'elr' }],
        },
      ],
    });
    await mkdir(join(world.serverFolder, 'www/locked'), { recursive: true });
    await world.write({ 'site/a.txt': 'a', 'site/locked/b.txt': 'b', 'site/z.txt': 'z' });
    const { code, stderr } = await push();
    expect(code).toBe(3);
    expect(stderr).toMatch(/problem: locked\/b\.txt: /);
    expect(await world.files('server:www')).toEqual({ 'a.txt': 'a', 'z.txt': 'z' });
  });

  test('a name that FTP cannot carry', async () => {
    world = await makeWorld();
    await world.write({ 'site/a.txt': 'a', 'site/x\nDELE a.txt': 'evil' });
    const { code, stderr } = await push();
    expect(code).toBe(3);
    expect(stderr).toMatch(/line break/);
    // Named, but never obeyed by a terminal.
    expect(stderr).toMatch(/x\\x0aDELE a\.txt/);
    expect(await world.files('server:www')).toEqual({ 'a.txt': 'a' });
  });

  test('a folder that is not there', async () => {
    world = await makeWorld();
    const { code, stderr } = await world.ferry('ls', world.url);
    expect(code).toBe(3);
    expect(stderr).toMatch(/there is no www on the server/);
  });
});

describe('4: refused, to be safe', () => {
  test('30 of 100 files are gone: the numbers and the flag are named', async () => {
    await pushed(100);
    for (let n = 0; n < 30; n++) await rm(join(world.folder, `site/file-${n}.txt`));
    const refused = await push();
    expect(refused.code).toBe(4);
    expect(refused.stderr).toMatch(/30 of 100 .*--max-delete 30/);
    expect(Object.keys(await world.files('server:www'))).toHaveLength(100);
    expect(await push('--max-delete', '30')).toMatchObject({ code: 0 });
    expect(await world.files('server:www')).toEqual(await world.files('site'));
  });

  test('an emptied source', async () => {
    await pushed(5);
    await rm(join(world.folder, 'site'), { recursive: true });
    await mkdir(join(world.folder, 'site'));
    const refused = await push();
    expect(refused.code).toBe(4);
    expect(refused.stderr).toMatch(/no files at all.*--allow-empty-source/);
    expect(Object.keys(await world.files('server:www'))).toHaveLength(5);
    expect(await push('--allow-empty-source')).toMatchObject({ code: 0 });
    expect(await world.files('server:www')).toEqual({});
  });

  test('a source that is not there', async () => {
    await pushed(5);
    await rm(join(world.folder, 'site'), { recursive: true });
    const refused = await push('-q');
    expect(refused.code).toBe(4);
    expect(refused.stderr).toMatch(/does not exist/);
    expect(Object.keys(await world.files('server:www'))).toHaveLength(5);
  });
});

describe('5: no connection, no login, no TLS', () => {
  test('a wrong password is tried once', async () => {
    world = await makeWorld();
    const failed: string[] = [];
    world.server.on('loginFailed', ({ name }) => void failed.push(name));
    await world.write(manyFiles('site', 3));
    const { code, stderr } = await world.ferryWith({ FERRY_PASSWORD: 'guess-4711' }, 'push', 'site', world.url);
    expect(code).toBe(5);
    expect(stderr).toMatch(/ann/);
    expect(failed).toEqual(['ann']);
  });

  test('no password anywhere: 2, and where one could be', async () => {
    world = await makeWorld();
    await world.write({ 'site/a.txt': 'a' });
    const { code, stderr } = await world.ferryWith({ FERRY_PASSWORD: '' }, 'push', 'site', world.url);
    expect(code).toBe(2);
    expect(stderr).toMatch(/set FERRY_PASSWORD/);
  });

  test('an unknown host, a port that refuses', async () => {
    world = await makeWorld();
    await world.write({ 'site/a.txt': 'a' });
    const unknown = await world.ferry('push', 'site', 'ftp://ann@no-such-host.invalid/', '--retries', '0');
    expect(unknown.code).toBe(5);
    expect(unknown.stderr).toMatch(/no-such-host\.invalid/);
    const port = await freePort();
    const refused = await world.ferry('push', 'site', `ftp://ann@127.0.0.1:${port}/`, '--retries', '0');
    expect(refused.code).toBe(5);
    expect(refused.stderr).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}`));
  });

  test('TLS that the server does not offer: the password is not sent', async () => {
    world = await makeWorld();
    const verbs: string[] = [];
    world.server.on('command', ({ verb }) => void verbs.push(verb));
    await world.write({ 'site/a.txt': 'a' });
    const { code, stderr } = await world.ferry('push', 'site', world.url.replace('ftp:', 'ftpes:'));
    expect(code).toBe(5);
    expect(stderr).toMatch(/TLS/);
    expect(verbs).not.toContain('USER');
  });

  test('ftps:// to a port that speaks plain text; a pin where there is no TLS; a fingerprint that is none', async () => {
    world = await makeWorld();
    await world.write({ 'site/a.txt': 'a' });
    const { code, stderr } = await world.ferry('push', 'site', world.url.replace('ftp:', 'ftps:'));
    expect(code).toBe(5);
    expect(stderr).toMatch(/127\.0\.0\.1:\d+ does not speak TLS: use ftpes:\/\/ .*990$/m);
    const pin = 'ab'.repeat(32);
    const plain = await world.ferry('push', 'site', world.url, '--tls-pin', pin);
    expect(plain).toMatchObject({ code: 2, stderr: expect.stringMatching(/--tls-pin: ftp:\/\/ is plain text/) });
    const none = await world.ferry('push', 'site', world.url, '--tls-pin', 'abcd');
    expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(/--tls-pin: "abcd" is not a SHA-256/) });
  });

  test('a certificate that nobody vouches for: the fingerprint to pin, and pinned it works', async () => {
    const { certificate: cert, key } = certificate();
    world = await makeWorld({ tls: { cert, key } });
    await world.write({ 'site/a.txt': 'a' });
    const url = world.url.replace('ftp:', 'ftpes:').replace('127.0.0.1', 'localhost');
    const { code, stderr } = await world.ferry('push', 'site', url);
    expect(code).toBe(5);
    const pin = /(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/.exec(stderr)?.[0];
    expect(pin).toBeDefined();
    // As the message has it, on the command line; and in the configuration.
    expect(stderr).toContain(`--tls-pin ${pin}, or tls.pin in the configuration`);
    expect(await world.ferry('push', 'site', url, '--tls-pin', String(pin))).toMatchObject({ code: 0 });
    const other = String(pin).replace(/^../, (first) => (first === '00' ? '01' : '00'));
    expect(await world.ferry('push', 'site', url, '--tls-pin', other)).toMatchObject({ code: 5 });
    expect(await world.ferry('check', url, '--tls-pin', other, '--tls-pin', String(pin))).toMatchObject({ code: 0 });
    await world.write({
      'sync.config.json': JSON.stringify({
        servers: { web: { url, tls: { pin } } },
        jobs: { site: { direction: 'push', local: 'site', server: 'web' } },
      }),
    });
    // The URL of the server names the folder.
    expect(await world.ferry('push', 'site')).toMatchObject({ code: 0 });
    expect(await world.files('server:www')).toEqual({ 'a.txt': 'a' });
  });
});

describe('check: a server that lets in, and then', () => {
  test('5: shows another certificate on data connections', async () => {
    world = await makeWorld();
    await using server = await scripted({
      AUTH: (visit) => {
        visit.send('234 go');
        visit.secure();
      },
      MLSD: async (visit) => {
        visit.send('150 here');
        const data = new TLSSocket(await visit.data(), { isServer: true, ...tlsFiles() });
        data.on('error', () => {});
        data.end('type=file;size=1; forged\r\n');
        visit.send('226 done');
      },
    });
    await world.write({ 'ca.pem': serverCertificate().ca });
    await world.write({
      'sync.config.json': JSON.stringify({
        servers: { web: { url: `ftpes://ann@localhost:${server.port}`, tls: { ca: 'ca.pem' } } },
      }),
    });
    const said = /Folder +cannot be listed: the certificate of localhost on data connections cannot be trusted/;
    expect(await world.ferry('check', 'web')).toEqual({ code: 5, stdout: expect.stringMatching(said), stderr: '' });
    expect(await world.ferry('check', 'web', '-q')).toEqual({
      code: 5,
      stdout: '',
      stderr: expect.stringMatching(said),
    });
    const { code, stdout } = await world.ferry('check', 'web', '--json');
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 5, exitCode: 5, root: null });
    expect(stdout).not.toContain('forged');
  });

  test('130: is given up', async () => {
    world = await makeWorld();
    await using server = await scripted({ MLSD: (visit) => visit.send('150 wait') });
    const { child, ended } = world.start('check', `ftp://ann@127.0.0.1:${server.port}`);
    await until(() => server.commands.includes('MLSD'), 'the folder is listed');
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130, stdout: '' });
  });
});

describe('6 and 143: one run at a time, and one that is stopped', () => {
  const BIG = 40_000_000;

  test('SIGTERM in a big upload: checkpointed, locked meanwhile, and then resumed', { timeout: 90_000 }, async () => {
    world = await makeWorld();
    const content = Buffer.alloc(BIG, 'all work and no play ');
    await world.write({ 'site/big.bin': content });
    const slow = world.start('push', 'site', world.url, '--limit-rate', '8M');
    const { child, ended } = slow;
    await until(async () => {
      const partial = Object.entries(await sizes(world)).find(([name]) => name.endsWith('.ferry'));
      return (partial?.[1] ?? 0) > 4_000_000;
    }, 'a part of the file has arrived');

    const second = await push();
    expect(second.code).toBe(6);
    expect(second.stderr).toMatch(/holds its lock: process \d+/);

    const since = Date.now();
    child.kill('SIGTERM');
    const stopped = await ended;
    expect(stopped.code).toBe(143);
    expect(Date.now() - since).toBeLessThan(5000);
    expect(stopped.stderr).not.toMatch(/bug/);
    expect(Object.keys(await sizes(world))).not.toContain('big.bin');

    const events = eventsOf(await push('--json'));
    const done = events.find(({ type, status }) => type === 'action' && status === 'done');
    const { resumedFrom, bytes } = done as { resumedFrom: number; bytes: number };
    expect(resumedFrom).toBeGreaterThan(4_000_000);
    expect(resumedFrom + bytes).toBe(BIG);
    expect(events.at(-1)).toMatchObject({ type: 'summary', exitCode: 0, bytesSent: bytes });
    expect((await world.files('server:www'))['big.bin'] === content.toString()).toBe(true);
  });

  test('SIGINT: 130, and a second one at once', async () => {
    world = await makeWorld({ uploadRate: 100_000 });
    await world.write({ 'site/big.bin': Buffer.alloc(20_000_000) });
    const { child, ended } = world.start('push', 'site', world.url);
    await until(async () => Object.keys(await sizes(world)).length > 0, 'it has begun');
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
  });

  test('a lock that a run holds is not removed', async () => {
    world = await makeWorld({ uploadRate: 100_000 });
    await world.write({ 'site/big.bin': Buffer.alloc(20_000_000) });
    expect(await world.ferry('unlock', 'site', world.url)).toMatchObject({ code: 0, stderr: 'There is no lock.\n' });
    const { child, ended } = world.start('push', 'site', world.url);
    await until(async () => Object.keys(await sizes(world)).length > 0, 'it has begun');
    expect(await world.ferry('unlock', 'site', world.url)).toMatchObject({ code: 6 });
    child.kill('SIGKILL');
    await ended;
    expect(await world.ferry('unlock', 'site', world.url)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /^The lock on this machine was held by process \d+ on .*\nThe lock was removed\.\n$/,
      ),
    });
  });
});

describe('7: the plan is stale', () => {
  test('a saved plan is carried out, and a second time refused', async () => {
    await pushed(2);
    await world.write({ 'site/new.txt': 'new' });
    expect(await world.ferry('plan', 'site', world.url, '-o', 'today.plan')).toMatchObject({ code: 0 });
    const stale = await world.ferry('plan', 'site', world.url, '-o', 'stale.plan');
    expect(stale.stderr).toMatch(/ferry apply stale\.plan/);
    expect(await world.ferry('apply', 'today.plan')).toMatchObject({ code: 0 });
    expect((await world.files('server:www'))['new.txt']).toBe('new');

    await world.write({ 'site/new.txt': 'newer' });
    const { code, stderr } = await world.ferry('apply', 'stale.plan');
    expect(code).toBe(7);
    expect(stderr).toMatch(/new\.txt changed since; make a new plan/);
    expect((await world.files('server:www'))['new.txt']).toBe('new');
  });

  test('an edited plan cannot reach outside', async () => {
    await pushed(1);
    await world.write({ 'site/new.txt': 'new' });
    await world.ferry('plan', 'site', world.url, '-o', 'bad.plan');
    const { 'bad.plan': text } = await world.files('.');
    await world.write({ 'bad.plan': text!.replaceAll('"new.txt"', '"../new.txt"') });
    const { code, stderr } = await world.ferry('apply', 'bad.plan');
    expect(code).toBe(2);
    expect(stderr).toMatch(/\.\. cannot be a name/);
  });
});

describe('8: differences', () => {
  test('plan --exit-code and verify', async () => {
    await pushed(3);
    expect(await world.ferry('plan', 'site', world.url, '-q', '--exit-code')).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    const same = await world.ferry('verify', 'site', world.url);
    expect(same).toMatchObject({ code: 0, stdout: '' });
    expect(same.stderr).toMatch(/same on both sides: 3 files/);

    await world.write({ 'site/file-1.txt': 'CONTENT 1\n' });
    expect(await world.ferry('plan', 'site', world.url, '--exit-code')).toMatchObject({ code: 8 });
    const differs = await world.ferry('verify', 'site', world.url);
    expect(differs.code).toBe(8);
    expect(differs.stderr).toMatch(/file-1\.txt/);
    expect((await world.files('server:www'))['file-1.txt']).toBe('content 1\n');
  });
});

describe('9: its own limit', () => {
  test('--max-duration', async () => {
    world = await makeWorld({ uploadRate: 100_000 });
    await world.write({ 'site/big.bin': Buffer.alloc(20_000_000) });
    const { code, stderr } = await push('--max-duration', '500ms');
    expect(code).toBe(9);
    expect(stderr).toMatch(/--max-duration/);
  });

  test('one that is longer than a timer of the system is not over at once', async () => {
    world = await makeWorld();
    await world.write({ 'site/a.txt': 'a' });
    expect(await push('--max-duration', '30d', '--timeout', '30d')).toMatchObject({ code: 0 });
  });
});

async function sizes(of: World): Promise<Record<string, number>> {
  const files = await of.files('server:www').catch(() => ({}));
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [name, content.length]));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
