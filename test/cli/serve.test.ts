/** `ferry serve`, run as a person would: who may come in, what is logged, how it stops, what it refuses to do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Client } from 'basic-ftp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failureOf } from '../../src/cli/failure.ts';
import { createProgram } from '../../src/cli/program.ts';
import { networkAddresses, warningsOf } from '../../src/cli/serve/advice.ts';
import { dial, Raw, tlsFiles } from '../server/raw.ts';
import { type Ended, eventsOf, FERRY, makeWorld, PASSWORD, until, type World } from './harness.ts';

let world: World;
beforeAll(async () => {
  world = await makeWorld();
  await world.write({ 'drop/there.txt': 'there' });
});
afterAll(() => world.close());

interface Running {
  readonly port: number;
  readonly child: ReturnType<World['start']>['child'];
  readonly ended: Promise<Ended>;
  /** Ends it by SIGTERM. */
  stop(): Promise<Ended>;
}

/** `ferry serve --json --port 0` with more arguments, once it listens. */
async function serving(...args: string[]): Promise<Running> {
  const { child, ended } = world.start('serve', '--json', '--port', '0', ...args);
  let said = '';
  child.stdout?.on('data', (chunk: string) => {
    said += chunk;
  });
  let over: Ended | undefined;
  void ended.then((end) => {
    over = end;
  });
  await until(() => said.includes('"listening"') || over !== undefined, 'it listens');
  if (over !== undefined) throw new Error(`it ended: ${over.stderr}`);
  const { port } = JSON.parse(said.slice(0, said.indexOf('\n'))) as { port: number };
  const stop = () => {
    child.kill('SIGTERM');
    return ended;
  };
  return { port, child, ended, stop };
}

async function login(port: number, user: string, password: string): Promise<Raw> {
  const raw = await Raw.connect({ host: '127.0.0.1', port });
  await raw.reply();
  await raw.say(`USER ${user}`);
  expect(await raw.say(`PASS ${password}`)).toMatch(/^230/);
  await raw.say('TYPE I');
  return raw;
}

const typesOf = (ended: Ended) => eventsOf(ended).map(({ type }) => type);

test('a folder is served to a user, and every step is in the log, no password among it', async () => {
  const served = await serving('drop', '--user', 'bob:hunter2:elrw');
  const stranger = await Raw.connect({ host: '127.0.0.1', port: served.port });
  await stranger.reply();
  await stranger.say('USER bob');
  expect(await stranger.say('PASS wrong-word')).toMatch(/^530/);
  for (const odd of ['PASShunter2', 'PAS hunter2', 'PASS\thunter2', 'ACCT hunter2', 'SITE PSWD hunter2 x'])
    await stranger.say(odd);

  const client = new Client(10_000);
  await client.access({ host: '127.0.0.1', port: served.port, user: 'bob', password: 'hunter2' });
  await client.uploadFrom(Readable.from([Buffer.alloc(1234)]), 'new file');
  expect(await client.size('there.txt')).toBe(5);
  await expect(client.remove('there.txt')).rejects.toThrow(/550/);
  client.close();
  const ended = await served.stop();

  const events = eventsOf(ended);
  expect(events.find(({ type }) => type === 'stored')).toMatchObject({
    user: 'bob',
    address: '127.0.0.1',
    path: '/new file',
    bytes: 1234,
    milliseconds: expect.any(Number),
  });
  expect(events.find(({ type }) => type === 'loginFailed')).toMatchObject({ name: 'bob' });
  expect(events.find(({ verb }) => verb === 'DELE')).toMatchObject({ argument: 'there.txt', code: 550 });
  expect(events.find(({ verb }) => verb === 'STOR')).toMatchObject({ code: 226, milliseconds: expect.any(Number) });
  expect(typesOf(ended)).toEqual(expect.arrayContaining(['connect', 'login', 'disconnect', 'stopping', 'stopped']));
  for (const event of events) expect(event.time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  const said = ended.stdout + ended.stderr;
  expect(said).not.toMatch(/hunter2|wrong-word/i);
  expect(ended.stderr).toContain('others on this machine may see the password');
  expect(ended.code).toBe(143);
});

test('the password of the command line is not in the process list, and need not be there at all', async () => {
  const served = await serving('drop', '--user=bob:hunter2', '--user', 'eve:hunter2:elr', '--user', 'ann');
  if (process.platform === 'linux') {
    const shown = readFileSync(`/proc/${served.child.pid}/cmdline`, 'utf8');
    expect(shown).toContain('bob:***');
    expect(shown).not.toContain('hunter2');
  }
  await login(served.port, 'ann', PASSWORD);
  await served.stop();
});

describe('anonymous', () => {
  test('reads, and is told apart from those who may write', async () => {
    const served = await serving('drop', '--anonymous');
    const raw = await login(served.port, 'anonymous', 'me@');
    expect((await raw.fetch('RETR there.txt')).data.toString()).toBe('there');
    expect(await raw.put('STOR mine', 'x')).toMatch(/^550/);
    await served.stop();
  });

  test('does more where that was said', async () => {
    const served = await serving('drop', '--anonymous-permissions', 'elw');
    const raw = await login(served.port, 'ftp', 'me@');
    expect(await raw.put('STOR mine', 'x')).toMatch(/^226/);
    expect((await raw.fetch('RETR mine')).reply).toMatch(/^550/);
    await served.stop();
  });
});

describe('the end', () => {
  /** An upload under way: half of it sent. */
  async function uploading(served: Running): Promise<{ raw: Raw; finish: () => void }> {
    const raw = await login(served.port, 'bob', 'pw');
    const port = Number(/\|\|\|(\d+)\|/.exec(await raw.say('EPSV'))?.[1]);
    const data = await dial(port, '127.0.0.1');
    expect(await raw.say('STOR slow')).toMatch(/^150/);
    data.write('first half, ');
    return { raw, finish: () => data.end('second half') };
  }

  test('lets a transfer finish, and exits 143', async () => {
    const served = await serving('drop', '--user', 'bob:pw', '--grace', '60');
    const idle = await login(served.port, 'bob', 'pw');
    const { raw, finish } = await uploading(served);
    served.child.kill('SIGTERM');
    expect(await idle.reply()).toMatch(/^421/);
    finish();
    expect(await raw.reply()).toMatch(/^226/);
    const ended = await served.ended;
    expect(ended.code).toBe(143);
    expect(readFileSync(join(world.folder, 'drop/slow'), 'utf8')).toBe('first half, second half');
    expect(typesOf(ended)).toContain('stored');
  });

  test('cuts at the second signal, with the exit code of the first kind', async () => {
    const served = await serving('drop', '--user', 'bob:pw', '--grace', '60');
    const { raw } = await uploading(served);
    served.child.kill('SIGINT');
    await until(async () => (await refused(served.port)) === true, 'nobody is let in any more');
    served.child.kill('SIGINT');
    expect((await served.ended).code).toBe(130);
    expect(await raw.ended()).toBe(true);
  });

  test('cuts what is not done in time, and says so', async () => {
    const served = await serving('drop', '--user', 'bob:pw', '--grace', '50ms', '--temporary-uploads');
    const { raw } = await uploading(served);
    const ended = await served.stop();
    expect(ended.code).toBe(143);
    expect(await raw.ended()).toBe(true);
    expect(typesOf(ended)).toContain('incompleteStored');
    expect(Object.keys(await world.files('drop')).filter((name) => name.includes('.part'))).toEqual([]);
  });

  async function refused(port: number): Promise<boolean> {
    try {
      (await dial(port, '127.0.0.1')).destroy();
      return false;
    } catch {
      return true;
    }
  }
});

describe('from the configuration', () => {
  test('users with hashes and homes, folders of their own rules, programs for uploads', async () => {
    const hash = await hashOf('pass word\n');
    expect(hash).toMatch(/^scrypt:/);
    await world.write({
      'homes/ann/in/.keep': '',
      'homes/all/x': 'x',
      'serve.json': JSON.stringify({
        serve: {
          folder: 'homes/all',
          banner: 'Drop box of the house',
          users: {
            ann: {
              password: hash,
              home: 'homes/ann',
              permissions: 'elr',
              folders: { '/in': 'elwm' },
              welcome: 'Hi Ann.',
            },
          },
          anonymous: true,
          hooks: {
            stored: {
              command: [
                process.execPath,
                '-e',
                'require("fs").writeFileSync(process.argv[1], process.argv[2])',
                '{file}.seen',
                '{user} {path}; $(x)',
              ],
              folder: '/in',
            },
          },
        },
      }),
    });
    chmodSync(join(world.folder, 'serve.json'), 0o644);
    const served = await serving('-c', 'serve.json');
    const raw = await Raw.connect({ host: '127.0.0.1', port: served.port });
    expect(await raw.reply()).toContain('Drop box of the house');
    await raw.say('USER ann');
    expect(await raw.say('PASS pass word')).toBe('230 Hi Ann.');
    expect(await raw.put('STOR outside', 'x')).toMatch(/^550/);
    expect(await raw.put('STOR in/a', 'abc')).toMatch(/^226/);
    const seen = join(world.folder, 'homes/ann/in/a.seen');
    await until(() => existsSync(seen) && readFileSync(seen, 'utf8') !== '', 'the program has run');
    expect(readFileSync(seen, 'utf8')).toBe('ann /in/a; $(x)');
    const guest = await login(served.port, 'anonymous', 'me@');
    expect((await guest.fetch('RETR x')).data.toString()).toBe('x');
    const ended = await served.stop();
    expect(ended.stdout + ended.stderr).not.toContain('pass word');
  });

  test('programs that an upload started are waited for at the end', async () => {
    await world.write({
      'homes/all/x': 'x',
      'slow-hook.json': JSON.stringify({
        serve: {
          folder: 'homes/all',
          anonymous: { permissions: 'elw' },
          hooks: {
            stored: [
              process.execPath,
              '-e',
              'setTimeout(() => require("fs").writeFileSync(process.argv[1], "done"), 300)',
              '{file}.done',
            ],
          },
        },
      }),
    });
    const served = await serving('-c', 'slow-hook.json');
    const raw = await login(served.port, 'anonymous', '');
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) expect(await raw.put(`STOR ${name}`, 'x')).toMatch(/^226/);
    await served.stop();
    const done = Object.keys(await world.files('homes/all')).filter((name) => name.endsWith('.done'));
    expect(done.sort()).toEqual(['a.done', 'b.done', 'c.done', 'd.done', 'e.done', 'f.done']);
  });

  test('flags win over it', async () => {
    await world.write({
      'homes/all/x': 'x',
      'flags.json': JSON.stringify({
        serve: { folder: 'nowhere', anonymous: false, users: { bob: { password: { env: 'NONE' } } } },
      }),
      'other.json': JSON.stringify({ serve: { folder: 'nowhere', host: '0.0.0.0', port: 1 } }),
    });
    const served = await serving('homes/all', '-c', 'other.json', '--host', '127.0.0.1', '--anonymous');
    await login(served.port, 'anonymous', '');
    const ended = await served.stop();
    expect(eventsOf(ended)[0]).toMatchObject({
      type: 'listening',
      host: '127.0.0.1',
      folder: join(world.folder, 'homes/all'),
    });
    const failed = await world.ferry('serve', '-c', 'flags.json');
    expect(failed.stderr).toMatch(
      /environment variable NONE, named at serve\.users\.bob\.password in .*flags\.json, is not set/,
    );
  });
});

test('TLS: required and from files', async () => {
  const { cert, key } = tlsFiles();
  await world.write({ 'drop/there.txt': 'there', 'cert.pem': cert, 'key.pem': key });
  const served = await serving(
    'drop',
    '--user',
    'bob:pw',
    '--tls-cert',
    'cert.pem',
    '--tls-key',
    'key.pem',
    '--tls-required',
  );
  const plain = await Raw.connect({ host: '127.0.0.1', port: served.port });
  await plain.reply();
  expect(await plain.say('USER bob')).toMatch(/^530 .*TLS/);
  const client = new Client(10_000);
  const access = { host: '127.0.0.1', port: served.port, user: 'bob', password: 'pw' };
  await client.access({ ...access, secure: true, secureOptions: { rejectUnauthorized: false } });
  expect((await client.list()).map(({ name }) => name)).toContain('there.txt');
  client.close();
  const ended = await served.stop();
  expect(eventsOf(ended).find(({ type }) => type === 'login')).toMatchObject({ secure: true });
});

test('in words: where, who, what was done, and nothing else', async () => {
  const { child, ended } = world.start('serve', 'drop', '--port', '0', '--user', 'bob:pw:elrw', '--anonymous');
  let said = '';
  child.stderr?.on('data', (chunk: string) => {
    said += chunk;
  });
  await until(() => /Ctrl-C/.test(said), 'it listens');
  const port = Number(/ftp:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
  const raw = await login(port, 'bob', 'pw');
  expect(await raw.put('STOR odd\u001b[31mname', 'xyz')).toMatch(/^226/);
  await until(() => said.includes('stored'), 'the upload is told');
  child.kill('SIGINT');
  const { stdout, stderr, code } = await ended;
  expect(code).toBe(130);
  expect(stdout).toBe('');
  expect(stderr).toContain('bob: elrw\n');
  expect(stderr).toContain('anonymous: may read (elr), no password\n');
  expect(stderr).toContain('Only this machine can reach');
  expect(stderr).toMatch(/^\S+Z #1 bob 127\.0\.0\.1 stored \/odd\\x1b\[31mname \(3 B, \d\.\d s\)$/m);
  expect(stderr).not.toMatch(/connected|STOR|\u001b/);
});

describe('who listens everywhere', () => {
  const card = (address: string, internal: boolean) =>
    ({ address, internal, family: 'IPv4', netmask: '', mac: '', cidr: null }) as const;

  test('is told the addresses that others know, and what travels in plain text', () => {
    const networks = { lo: [card('127.0.0.1', true)], eth0: [card('192.0.2.5', false)] };
    expect(networkAddresses({ host: '::', port: 2121 }, networks)).toEqual(['192.0.2.5:2121']);
    expect(networkAddresses({ host: '127.0.0.1', port: 2121 }, networks)).toEqual([]);
    const users = [{ name: 'u', password: 'p' }];
    expect(warningsOf({ host: '::', users })).toEqual([expect.stringMatching(/plain text; --tls-cert/)]);
    expect(warningsOf({ host: '::', users, tls: tlsFiles() })).toEqual([expect.stringMatching(/--tls-required/)]);
    expect(warningsOf({ host: '::', users, tls: { ...tlsFiles(), required: true } })).toEqual([]);
    expect(warningsOf({ users })).toEqual([]);
    expect(warningsOf({ host: '::', users: [], tls: tlsFiles(), anonymous: { permissions: 'elw' } })).toEqual([
      expect.stringMatching(/^anybody who can reach :: may change files/),
    ]);
  });
});

describe('what cannot be meant is refused, with a way on', () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['nobody to let in', ['drop'], /nobody could log in: give --user NAME:PASSWORD, or --anonymous/],
    ['nothing to serve', ['--anonymous'], /name the folder to serve/],
    ['a folder that is not there', ['nowhere', '--anonymous'], /nowhere does not exist; make it first/],
    ['a file', ['cert.pem', '--anonymous'], /cert\.pem is not a folder/],
    ['unknown permissions', ['drop', '--user', 'bob:secret:elx'], /--user: behind the last colon of the user "bob"/],
    ['a user without a name', ['drop', '--user', ':secret'], /--user: there is no name/],
    ['a user given twice', ['drop', '--user', 'b:x', '--user', 'b:y'], /--user: the same name is given twice/],
    [
      'half of a certificate',
      ['drop', '--anonymous', '--tls-cert', 'cert.pem'],
      /--tls-cert and --tls-key go together/,
    ],
    ['TLS without one', ['drop', '--anonymous', '--tls-required'], /there is no certificate/],
    [
      'a certificate that is not there',
      ['drop', '--anonymous', '--tls-cert', 'no.pem', '--tls-key', 'key.pem'],
      /no\.pem, named at --tls-cert, could not be read: nothing is there \(ENOENT\)/,
    ],
    [
      'a certificate that is none',
      ['drop', '--anonymous', '--tls-cert', 'bad.pem', '--tls-key', 'bad.pem'],
      /the certificate or its key cannot be used/,
    ],
    ['no range', ['drop', '--anonymous', '--passive-ports', '5-4'], /--passive-ports: 5-4 is no range of ports/],
    ['no address', ['drop', '--anonymous', '--masquerade', '1.2.3.400'], /--masquerade: "1\.2\.3\.400" is not an IPv4/],
    ['a rate of nothing', ['drop', '--anonymous', '--upload-rate', '0'], /--upload-rate: "0" moves nothing/],
    [
      'an address of another machine',
      ['drop', '--anonymous', '--host', '192.0.2.1'],
      /no network of this machine has the address 192\.0\.2\.1/,
    ],
    ['a configuration without the section', ['-c', 'empty.json'], /has no "serve" section/],
    [
      'a password that others can read',
      ['-c', 'open.json'],
      /serve\.users\.ann\.password in .* is a password that others/,
    ],
    ['an unknown event', ['-c', 'hook.json'], /serve\.hooks\.upload.*unknown key/],
  ];
  beforeAll(async () => {
    await world.write({
      'drop/there.txt': 'there',
      'cert.pem': tlsFiles().cert,
      'key.pem': tlsFiles().key,
      'bad.pem': 'no certificate',
      'empty.json': '{}',
      'open.json': JSON.stringify({ serve: { folder: 'drop', users: { ann: { password: 'topsecret' } } } }),
      'hook.json': JSON.stringify({ serve: { folder: 'drop', hooks: { upload: ['x'] } } }),
    });
    chmodSync(join(world.folder, 'open.json'), 0o644);
  });

  // In this process: what is tested is the refusal, and thirty starts of a program would take their time.
  test.each(cases)('%s', async (_, args, message) => {
    const places = args.map((arg) => (/^(?:drop|nowhere|.*\.(?:pem|json))$/.test(arg) ? join(world.folder, arg) : arg));
    const { exitCode, said } = await refusal(['serve', ...places]);
    expect(said).toMatch(message);
    expect(said).not.toMatch(/secret|\bat .*\.js/);
    expect(exitCode).toBe(2);
  });

  test('a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    try {
      const { port } = other.address() as { port: number };
      const { code, stderr } = await world.ferry('serve', 'drop', '--anonymous', '--port', String(port));
      expect(stderr).toContain(`something is listening on 127.0.0.1:${port} already; take another --port`);
      expect(code).toBe(2);
    } finally {
      other.close();
    }
  });
});

describe('--hash', () => {
  test('hashes what comes through a pipe, each time with other salt', async () => {
    const [one, two] = [await hashOf('secret'), await hashOf('secret')];
    expect(one).toMatch(/^scrypt:\d+:\d+:\d+:\S+:\S+$/);
    expect(two).not.toBe(one);
    const served = await serving('drop', '--user', `bob:${one}:elr`);
    await login(served.port, 'bob', 'secret');
    const ended = await served.stop();
    expect(ended.stderr).not.toContain('others on this machine');
  });

  test.each([
    ['', /^2 ferry: no password was given/],
    ['two\nlines\n', /^2 ferry: a password is one line/],
  ])('refuses %j', async (input, message) => {
    await expect(hashOf(input)).rejects.toThrow(message);
  });
});

/** How a command line that is refused ends, carried out in this process. */
async function refusal(args: readonly string[]): Promise<{ exitCode: number; said: string }> {
  const stdout = {
    line: () => {},
    bytes: async () => {},
    endLine: () => {},
    closed: new AbortController().signal,
    failure: undefined,
  };
  // What is wrongly not refused ends at once.
  const context = { args, stdout, signal: AbortSignal.abort(), finish: () => {} };
  const failure = await createProgram(context)
    .parseAsync([...args], { from: 'user' })
    .then(() => ({ exitCode: 0, message: 'not refused' }), failureOf);
  return { exitCode: failure.exitCode, said: failure.message };
}

async function hashOf(input: string): Promise<string> {
  const child = spawn(process.execPath, [FERRY, 'serve', '--hash'], { stdio: 'pipe' });
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new Error(`${code} ${stderr}`);
  return stdout.trim();
}
