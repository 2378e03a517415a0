import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig, parseConfig } from '../../src/config/index.ts';
import { ConfigError } from '../../src/model/index.ts';
import { testFolder } from './folder.ts';

const server = { url: 'ftpes://me@h' };
const job = { direction: 'push', local: 'public', server: 'web' };

function mistakes(config: unknown): string {
  try {
    parseConfig(typeof config === 'string' ? config : JSON.stringify(config), 'sync.config.json');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  return 'none';
}

const inServer = (more: object) => ({ servers: { web: { ...server, ...more } } });
const inJob = (more: object) => ({ servers: { web: server }, jobs: { site: { ...job, ...more } } });

describe('a configuration that is right', () => {
  test.each([
    ['nothing at all', {}],
    ['a server and a job', inJob({})],
    ['a job with a URL', { jobs: { site: { ...job, server: 'ftps://me@h/x' } } }],
    [
      'every key of a job',
      inJob({
        remote: '/htdocs',
        include: ['*.html'],
        exclude: ['/drafts/'],
        delete: 'all',
        compare: 'hash',
        maxDelete: '30%',
        drift: 'keep',
        conflict: 'newer',
        links: 'follow',
        order: ['index.html'],
        chmod: { files: '644' },
        connections: 2,
        limitRate: '2M',
        retries: 0,
        maxDuration: '2h',
        maxTransfer: 1000,
        timeout: 30,
      }),
    ],
    [
      'every key of a server',
      inServer({
        password: { env: 'X' },
        account: 'a',
        connections: 6,
        mode: 'active',
        sourceAddress: '10.0.0.1',
        activePorts: '50000-50100',
        activeAddress: '1.2.3.4',
        encoding: 'windows-1252',
        longestListing: '512Mi',
        tls: { verify: false, ca: 'ca.pem', pin: ['ab'.repeat(32)], minVersion: 'TLSv1.3', cert: 'c', key: 'k' },
        timeout: { connect: '5s', reply: 60, data: '2m' },
      }),
    ],
    ['a job named constructor', { servers: { web: server }, jobs: { constructor: job } }],
    ['one with a byte order mark', '\ufeff{}'],
  ])('%s', (_, config) => expect(mistakes(config)).toBe('none'));
});

describe('a mistake is told by key, line and what to do', () => {
  test.each([
    ['an unknown key', inJob({ exlude: [] }), 'jobs.site.exlude (line 1): unknown key; did you mean exclude?'],
    ['an unknown key at the top', { job: {} }, 'job (line 1): unknown key; did you mean jobs?'],
    ['an unknown key of a server', inServer({ usr: 'x' }), 'servers.web.usr (line 1): unknown key; did you mean user?'],
    ['an unknown key like none', inServer({ zzzzzz: 1 }), 'servers.web.zzzzzz (line 1): unknown key\n'],
    [
      'an unknown key in tls',
      inServer({ tls: { verfy: true } }),
      'servers.web.tls.verfy (line 1): unknown key; did you mean verify?',
    ],
    [
      'an unknown source of a password',
      inServer({ password: { evn: 'X' } }),
      'servers.web.password.evn (line 1): unknown key; did you mean env?\n',
    ],
    [
      'an unknown deadline',
      inJob({ timeout: { conect: 1 } }),
      'jobs.site.timeout.conect (line 1): unknown key; did you mean connect?',
    ],
    [
      'two sources of a password',
      inServer({ password: { env: 'X', file: 'y' } }),
      'servers.web.password (line 1): give exactly one of env, file, command',
    ],
    ['a key that a later version will know', inJob({ mirror: {} }), 'jobs.site.mirror (line 1): unknown key'],
    [
      'a missing key',
      { servers: { web: server }, jobs: { site: { direction: 'push', server: 'web' } } },
      'jobs.site.local (line 1): missing; wanted text',
    ],
    ['a number for a text', inJob({ local: 3 }), 'jobs.site.local (line 1): found 3, wanted text'],
    ['a text for a list', inJob({ exclude: '*.map' }), 'jobs.site.exclude (line 1): found "*.map", wanted a list'],
    [
      'a text for a number',
      inJob({ retries: 'five' }),
      'jobs.site.retries (line 1): found "five", wanted a whole number from 0 to 1000',
    ],
    [
      'a number out of range',
      inServer({ connections: 0 }),
      'servers.web.connections (line 1): found 0, wanted a whole number from 1 to 64',
    ],
    [
      'a word that is not one of them',
      inJob({ delete: 'yes' }),
      'jobs.site.delete (line 1): found "yes", wanted one of "none", "tracked", "all"',
    ],
    ['a text for an object', inServer({ tls: 'no' }), 'servers.web.tls (line 1): found "no", wanted an object'],
    ['a list for a job', { jobs: { site: [] } }, 'jobs.site (line 1): found a list, wanted an object'],
    ['a wrong item of a list', inJob({ exclude: ['a', 5] }), 'jobs.site.exclude[1] (line 1): found 5, wanted text'],
    [
      'a hook that is a line for a shell',
      inJob({ hooks: { before: 'mount /backup' } }),
      'jobs.site.hooks.before (line 1): found "mount /backup", wanted a program and its arguments, such as ["/usr/local/bin/notify", "done"]',
    ],
    [
      'a heartbeat that is no address of the web',
      inJob({ heartbeat: 'ftp://example.com/' }),
      'jobs.site.heartbeat (line 1): this is not an http:// or https:// url',
    ],
    [
      'a heartbeat with a password',
      inJob({ heartbeat: 'https://me:pass@example.com/' }),
      'jobs.site.heartbeat (line 1): a url with a password is not asked; use a program',
    ],
    ['an empty text', inJob({ local: '' }), 'jobs.site.local (line 1): found "", wanted text that is not empty'],
    [
      'a wrong duration',
      inJob({ maxDuration: '5 minutes' }),
      'jobs.site.maxDuration (line 1): found "5 minutes", wanted a duration above 0: seconds (90), or "500ms"',
    ],
    ['a negative duration', inJob({ timeout: -1 }), 'jobs.site.timeout (line 1): found -1, wanted a duration'],
    [
      'a duration of a wrong type',
      inJob({ maxDuration: true }),
      'jobs.site.maxDuration (line 1): found true, wanted a duration',
    ],
    [
      'a wrong amount',
      inJob({ limitRate: 'fast' }),
      'jobs.site.limitRate (line 1): found "fast", wanted a number of bytes',
    ],
    [
      'a wrong limit on deletes',
      inJob({ maxDelete: 'most' }),
      'jobs.site.maxDelete (line 1): found "most", wanted a number of deletes (20) or a share',
    ],
    [
      'a limit above the whole',
      inJob({ maxDelete: '200%' }),
      'jobs.site.maxDelete (line 1): "200%" is not a number of deletes',
    ],
    [
      'wrong permission bits',
      inJob({ chmod: { files: '999' } }),
      'jobs.site.chmod.files (line 1): found "999", wanted permission bits in octal',
    ],
    [
      'a wrong fingerprint',
      inServer({ tls: { pin: 'ab' } }),
      'servers.web.tls.pin (line 1): found "ab", wanted a SHA-256 fingerprint',
    ],
    [
      'an unknown encoding',
      inServer({ encoding: 'klingon' }),
      'servers.web.encoding (line 1): no encoding of that name is known',
    ],
    [
      'a time in which nothing could be done',
      inJob({ timeout: 0, maxDuration: '0s', limitRate: 0 }),
      'jobs.site.timeout (line 1): found 0, wanted a duration above 0: seconds (90)',
    ],
    [
      'a range of ports upside down',
      inServer({ activePorts: '6000-5000' }),
      'servers.web.activePorts (line 1): 6000-5000 is no range of ports',
    ],
    ['a wrong URL', inServer({ url: 'sftp://h' }), 'servers.web.url (line 1): sftp://h is not a usable URL: SFTP'],
    [
      'a remote folder that climbs',
      inJob({ remote: '/a/../b' }),
      "jobs.site.remote (line 1): .. cannot be a folder's name",
    ],
    [
      'a name with a slash',
      { servers: { 'a/b': server } },
      'servers.a/b (line 1): this cannot be a name; wanted a name of letters',
    ],
    [
      'a server that is not there',
      inJob({ server: 'wbe' }),
      'jobs.site.server (line 1): there is no server "wbe"; did you mean web?',
    ],
    [
      'a folder named twice',
      { servers: { web: { url: 'ftp://h/x' } }, jobs: { site: { ...job, remote: '/y' } } },
      'jobs.site.remote (line 1): the url of the server names a folder already',
    ],
    ['a user named twice', inServer({ user: 'you' }), 'servers.web.user (line 1): the url names a user already'],
    [
      'a password given twice',
      { servers: { web: { url: 'ftp://me:x@h', password: 'y' } } },
      'servers.web.password (line 1): the url holds a password already',
    ],
    [
      'TLS for plain text',
      { servers: { web: { url: 'ftp://h', tls: {} } } },
      'servers.web.tls (line 1): ftp:// is plain text; use ftpes:// or ftps:// in url',
    ],
    [
      'a certificate without its key',
      inServer({ tls: { cert: 'x' } }),
      'servers.web.tls (line 1): cert and key go together',
    ],
    ['a list for the whole', [], 'the whole (line 1): found a list, wanted an object'],
    ['__proto__', '{"jobs": {"__proto__": {"direction": "push"}}}', 'jobs.__proto__ (line 1): this key is not allowed'],
    [
      '__proto__ inside a job',
      '{"jobs": {"__proto__": 1, "a": {"__proto__": 1}}}',
      'jobs.a.__proto__ (line 1): this key is not allowed',
    ],
    ['a key that is there twice', '{"jobs": {},\n"jobs": {}}', 'jobs (line 2): this key is there twice'],
  ])('%s', (_, config, message) => expect(`${mistakes(config)}\n`).toContain(`\n  ${message}`));

  test('all at once, in the order of the file', () => {
    const text = '{\n"jobs": {"b": {\n"retries": "x",\n"exlude": []}},\n"servers": {"a": {\n"url": 1}}}';
    expect(mistakes(text)).toBe(
      [
        'sync.config.json has 6 mistakes:',
        '  jobs.b.direction (line 2): missing; wanted one of "push", "pull", "sync"',
        '  jobs.b.local (line 2): missing; wanted text',
        '  jobs.b.server (line 2): missing; wanted text',
        '  jobs.b.retries (line 3): found "x", wanted a whole number from 0 to 1000',
        '  jobs.b.exlude (line 4): unknown key; did you mean exclude?',
        '  servers.a.url (line 6): found 1, wanted text',
      ].join('\n'),
    );
  });

  test.each([
    ['an object with an unknown key', JSON.stringify(inServer({ password: { evn: 'X' } }))],
    ['__proto__', '{"__proto__": 1}'],
    ['a server called constructor', JSON.stringify(inJob({ server: 'constructor' }))],
  ])('once: %s', (_, text) => expect(mistakes(text)).toContain('has 1 mistake:'));

  test('what is not JSON is told by line and column', () =>
    expect(mistakes('{\n  "jobs": {},\n}')).toBe(
      'sync.config.json is not JSON at line 3, column 1: a comma after the last entry is not part of JSON',
    ));

  test.each([
    ['of a wrong type', { password: 12345 }],
    ['in a list', { password: ['12345'] }],
    ['under an unknown key', { password: { text: '12345' } }],
    ['in the URL', { url: 'ftp://me:12345#@h' }],
    ['in a file of its own', { password: { file: 12345 } }],
  ])('a password %s is not shown', (_, more) => {
    const message = mistakes(inServer(more));
    expect(message).toContain('mistake');
    expect(message).not.toContain('12345');
  });

  test('a key with control characters is shown escaped', () =>
    expect(mistakes('{"a\\u001b[31m": 1}')).toContain('  a\\x1b[31m (line 1): unknown key'));
});

describe('the file', () => {
  test('is found from the working folder upwards', async () => {
    const folder = testFolder();
    const file = folder.write('sync.config.json', inJob({}));
    mkdirSync(join(folder.path, 'a/b'), { recursive: true });
    const config = await loadConfig({ surroundings: folder.surroundings({ cwd: join(folder.path, 'a/b') }) });
    expect(config).toMatchObject({ file, folder: folder.path });
    expect([...config!.jobs.keys(), ...config!.servers.keys()]).toEqual(['site', 'web']);
  });

  test('is the one that is named, relative to the working folder', async () => {
    const folder = testFolder();
    folder.write('sync.config.json', 'broken');
    const file = folder.write('other/my.json', {});
    expect(await loadConfig({ file: 'other/my.json', surroundings: folder.surroundings() })).toMatchObject({ file });
  });

  test('may be missing, unless it is named', async () => {
    const folder = testFolder();
    const surroundings = folder.surroundings();
    expect(await loadConfig({ surroundings })).toBeNull();
    const named = loadConfig({ file: 'none.json', surroundings });
    await expect(named).rejects.toThrow(ConfigError);
    await expect(named).rejects.toThrow(`${join(folder.path, 'none.json')} does not exist`);
  });

  test('that cannot be read is an error, not absence', async () => {
    const folder = testFolder();
    mkdirSync(join(folder.path, 'sync.config.json'));
    await expect(loadConfig({ surroundings: folder.surroundings() })).rejects.toThrow(
      'could not be read: it is a directory (EISDIR)',
    );
  });

  test.skipIf(process.platform === 'win32').each([
    [0o600, false],
    [0o640, true],
    [0o604, true],
    [0o644, true],
  ])('with mode %o is exposed: %s', async (mode, exposed) => {
    const folder = testFolder();
    chmodSync(folder.write('sync.config.json', {}), mode);
    expect(await loadConfig({ surroundings: folder.surroundings() })).toMatchObject({ exposed });
  });
});
