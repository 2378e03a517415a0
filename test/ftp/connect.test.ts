/** From the first packet to a session: TLS, login, and everything that can go wrong on the way. */
import { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { openSession } from '../../src/ftp/connect.ts';
import { cannotConnect } from '../../src/ftp/failure.ts';
import { connectFtp } from '../../src/ftp/remote.ts';
import { Site } from '../../src/ftp/site.ts';
import {
  ConfigError,
  ConnectError,
  LoginError,
  ROOT,
  TlsError,
  TooManyConnectionsError,
  toRelPath,
} from '../../src/model/index.ts';
import { tlsFiles } from '../server/raw.ts';
import { type Answer, type Script, scripted, serverCertificate, type Visit } from './scripted.ts';

const AUTH: Answer = (visit: Visit) => {
  visit.send('234 go on');
  visit.secure();
};

async function attempt(script: Script, changes = {}) {
  const server = await scripted(script);
  const remote = connectFtp(server.options(changes));
  const outcome = await remote.open().catch((error) => error);
  await remote.close();
  await server[Symbol.asyncDispose]();
  return { outcome, commands: server.commands, visits: server.visits };
}

describe('a name', () => {
  test.each([
    ['ENOTFOUND', 2],
    ['EAI_AGAIN', Number.POSITIVE_INFINITY],
    ['ECONNREFUSED', Number.POSITIVE_INFINITY],
  ])('%s makes sense to try %d times', (code, times) => {
    const error = cannotConnect('ftp.example.com:21', Object.assign(new Error('x'), { code }));
    expect(error).toMatchObject({ retryable: true, mostAttempts: times });
  });
});

describe('plain', () => {
  test.each<[string, Script, unknown, string]>([
    ['530 is a wrong password', { PASS: '530 Login incorrect.' }, LoginError, 'password'],
    ['530 to the name', { USER: '530 no' }, LoginError, 'password'],
    [
      '530 that speaks of too many',
      { PASS: '530 Sorry, the maximum number of clients (3) are connected' },
      TooManyConnectionsError,
      'further',
    ],
    ['421 as greeting', { greeting: '421 Too many connections (2) from this IP' }, TooManyConnectionsError, 'further'],
    [
      '421 of vsftpd',
      { greeting: '421 There are too many connected users, please try later.' },
      TooManyConnectionsError,
      'further',
    ],
    ['421 otherwise', { greeting: '421 Service not available' }, ConnectError, 'not available'],
    ['500 as greeting', { greeting: '500 OOPS: vsftpd: refusing to run' }, ConnectError, 'OOPS'],
    ['an account that is not set', { PASS: '332 account please' }, LoginError, 'account'],
  ])('%s', async (_name, script, kind, said) => {
    const { outcome } = await attempt(script);
    expect(outcome).toBeInstanceOf(kind);
    expect(outcome.message).toContain(said);
  });

  test('a wrong password is tried once, however many ask', async () => {
    await using server = await scripted({ PASS: '530 no' });
    const remote = connectFtp(server.options({ connections: 4 }));
    await expect(remote.open()).rejects.toThrow(LoginError);
    await Promise.allSettled(Array.from({ length: 10 }, () => remote.lane()));
    expect(server.commands.filter((line) => line.startsWith('PASS'))).toHaveLength(1);
    await remote.close();
  });

  test('a server without greeting is given up after the deadline', async () => {
    const { outcome } = await attempt({ greeting: () => {} }, { replyTimeout: 100 });
    expect(outcome).toBeInstanceOf(ConnectError);
    expect(outcome.message).toContain('did not answer');
  });

  test('an endless banner is given up', async () => {
    const flood = (visit: Visit) => {
      visit.send('220-welcome');
      const more = () => {
        if (!visit.socket.destroyed) visit.socket.write('blah blah\r\n'.repeat(1000), more);
      };
      more();
    };
    const { outcome } = await attempt({ greeting: flood });
    expect(outcome.message).toContain('without end');
  });

  test('a banner that drips is given up after the deadline', async () => {
    const drip = (visit: Visit) => {
      visit.send('220-welcome');
      const timer = setInterval(() => visit.send('wait'), 20);
      visit.socket.on('close', () => clearInterval(timer));
    };
    const { outcome } = await attempt({ greeting: drip }, { replyTimeout: 200 });
    expect(outcome).toBeInstanceOf(ConnectError);
  });

  test.each([
    ['nobody listens', { port: 1 }, 'nothing listens'],
    ['an unknown host', { host: 'no-such-host.invalid' }, 'check the'],
  ])('%s', async (_name, changes, said) => {
    const { outcome } = await attempt({}, changes);
    expect(outcome).toBeInstanceOf(ConnectError);
    expect(outcome.message).toContain(said);
  });

  test('all settings travel in one flight, binary first', async () => {
    const { visits } = await attempt({});
    expect(visits[0]!.flights.slice(0, 3)).toEqual([
      'USER u\r\n',
      'PASS secret\r\n',
      'TYPE I\r\nOPTS UTF8 ON\r\nFEAT\r\nSYST\r\nPWD\r\n',
    ]);
  });
});

describe('every connection after the first', () => {
  /** Two connections, at the same time. */
  async function two(script: Script) {
    const server = await scripted(script);
    const remote = connectFtp(server.options({ connections: 2 }));
    await remote.open();
    const first = await remote.lane();
    const second = await remote.lane().catch((error: Error) => error);
    const both = await Promise.all([first, second instanceof Error ? undefined : second]);
    for (const lane of both) lane?.release();
    await remote.close();
    await server[Symbol.asyncDispose]();
    return { visits: server.visits, second };
  }
  const AT_ONCE = 'USER u\r\nPASS secret\r\nTYPE I\r\nOPTS UTF8 ON\r\n';

  test('logs in in one flight', async () => {
    const { visits } = await two({});
    expect(visits[0]!.flights[0]).toBe('USER u\r\n');
    expect(visits[1]!.flights[0]).toBe(AT_ONCE);
  });

  test.each<[string, Script]>([
    ['the first asked for no password', { USER: '230 in, whoever you are' }],
    ['the server is known to mind', { greeting: '220 Microsoft FTP Service' }],
  ])('goes step by step where %s', async (_name, script) => {
    const { visits } = await two(script);
    expect(visits[1]!.flights[0]).toBe('USER u\r\n');
  });

  test('goes step by step after all where the server minds', async () => {
    const USER = (visit: Visit) => {
      if (visit.flights[0] !== 'USER u\r\n') return visit.destroy();
      return visit.send('331 password');
    };
    const { visits, second } = await two({ USER });
    expect(second).not.toBeInstanceOf(Error);
    expect(visits.map(({ flights }) => flights[0])).toEqual(['USER u\r\n', AT_ONCE, 'USER u\r\n']);
  });
});

describe('the folder that the login starts in', () => {
  const rooted = async (root: string, script: Script) => {
    const { outcome, commands } = await attempt({ XPWD: '500 what', ...script }, { root });
    return { outcome, commands };
  };

  test.each<[string, Script, string]>([
    ['is in quotes', { PWD: '257 "/home/u" is here' }, '/home/u'],
    ['has quotes within', { PWD: '257 "/a""b" is here' }, '/a"b'],
    ['is without quotes', { PWD: '257 /home/u' }, '/home/u'],
    ['is told by an old command', { PWD: '500 what', XPWD: '257 "/home/u"' }, '/home/u'],
    ['has no name, being the top', { PWD: '257 "" is here' }, '/'],
  ])('%s', async (_, script, home) => {
    for (const root of ['', '~/sub']) expect((await rooted(root, script)).outcome.home).toBe(home);
  });

  test.each(['502 what', '550 no', '257 /home/u is the current folder', '250 ok'])(
    'is not taken for the top where it is not told: %s',
    async (PWD) => {
      for (const root of ['', '~', '~/sub']) {
        const { outcome } = await rooted(root, { PWD });
        expect(outcome).toBeInstanceOf(ConfigError);
        expect(outcome.message).toContain('does not say which folder the login starts in');
        expect(outcome.message).toContain('ftp://127.0.0.1');
      }
      await using server = await scripted({ PWD });
      const remote = connectFtp(server.options({ root: '~/sub' }));
      for (let turn = 0; turn < 2; turn += 1) await expect(remote.list(ROOT)).rejects.toThrow(ConfigError);
      await remote.close();
      // Who names the whole path does not need it.
      expect((await rooted('/htdocs', { PWD })).outcome.home).toBeNull();
    },
  );
});

test('who is not let in learns nothing about the server', async () => {
  const server = await scripted({
    PASS: '530 too many connections',
    FEAT: '500 log in first',
    PWD: '530 log in first',
  });
  const site = new Site(server.options());
  // Another connection has just been let in, and is still asking what the server can do.
  site.knowledge.loginAtOnce = true;
  await expect(openSession(site)).rejects.toThrow(TooManyConnectionsError);
  expect(server.commands).toContain('PWD');
  expect(site.knowledge.asked).toBe(false);
  expect(site.knowledge.home).toBeUndefined();
  await server[Symbol.asyncDispose]();
});

test('a server that never answers QUIT is left all the same', async () => {
  let closed: () => void = () => {};
  const over = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const server = await scripted({
    DELE: '250 ok',
    QUIT: (visit) => visit.socket.once('close', closed) && visit.socket.resume(),
  });
  const remote = connectFtp(server.options());
  await remote.open();
  const lane = await remote.lane();
  await lane.remove(toRelPath('a'));
  lane.release();
  await remote.close();
  // It never answers: our end is closed all the same.
  await over;
  expect(server.commands.slice(-2)).toEqual(['DELE /a', 'QUIT']);
  await server[Symbol.asyncDispose]();
});

describe('TLS', () => {
  const { ca } = serverCertificate();
  const secure = { protocol: 'ftpes', tls: { verify: true, ca } };

  test('the login and the settings are sent within', async () => {
    const { outcome, commands } = await attempt({ AUTH }, secure);
    expect(outcome.tls).toMatchObject({ protocol: 'TLSv1.3', dataProtected: true });
    expect(commands.slice(0, 2)).toEqual(['AUTH TLS', 'USER u']);
    expect(commands).toContain('PROT P');
  });

  test('AUTH refused: nothing is sent in the clear', async () => {
    const { outcome, commands } = await attempt({ AUTH: '502 no TLS here' }, secure);
    expect(outcome).toBeInstanceOf(TlsError);
    expect(commands).toEqual(['AUTH TLS']);
  });

  test.each([
    ['a whole reply', '234 go on\r\n230 Logged in\r\n'],
    ['half a reply', '234 go on\r\n230 Log'],
  ])('%s before the handshake drops the connection', async (_name, injected) => {
    const script: Script = {
      AUTH: (visit) => {
        visit.socket.write(injected);
        setTimeout(() => visit.secure(), 10);
      },
    };
    const { outcome, commands } = await attempt(script, secure);
    // Any other failure would only be that of a handshake with a server that has lost its place.
    expect(outcome.message).toContain('sent data before the TLS handshake');
    expect(commands).toEqual(['AUTH TLS']);
  });

  test('PROT P refused: no transfer in the clear', async () => {
    const { outcome } = await attempt({ AUTH, PROT: '534 no' }, secure);
    expect(outcome).toBeInstanceOf(TlsError);
    expect(outcome.message).toContain('PROT P');
  });

  test('a certificate that nobody vouches for: the fingerprint to pin is said, nothing is sent', async () => {
    const { outcome, commands } = await attempt({ AUTH }, { protocol: 'ftpes', tls: { verify: true } });
    expect(outcome).toBeInstanceOf(TlsError);
    expect(outcome.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(outcome.message).toContain(`--tls-pin ${outcome.fingerprint}`);
    expect(commands).toEqual(['AUTH TLS']);
  });

  test('a pin replaces the authorities, in any form', async () => {
    const { outcome } = await attempt({ AUTH }, { protocol: 'ftpes', tls: { verify: true } });
    const pin = outcome.fingerprint as string;
    for (const one of [pin, pin.toLowerCase(), pin.replaceAll(':', '')]) {
      const { outcome: capabilities } = await attempt(
        { AUTH },
        { protocol: 'ftpes', tls: { verify: true, pin: [one] } },
      );
      expect(capabilities.tls).not.toBeNull();
    }
  });

  test('another certificate than the pinned one is refused, even if an authority vouches for it', async () => {
    const { outcome, commands } = await attempt(
      { AUTH },
      { protocol: 'ftpes', tls: { verify: true, ca, pin: ['ab'.repeat(32)] } },
    );
    expect(outcome).toBeInstanceOf(TlsError);
    expect(outcome.message).toContain('not the pinned one');
    expect(commands).toEqual(['AUTH TLS']);
  });

  test.each([
    ['an authority', { verify: true, ca }],
    ['a pin', { verify: true, pin: [new X509Certificate(serverCertificate().cert).fingerprint256] }],
  ])(
    'by %s: who shows another certificate on a data connection is neither believed nor told anything',
    async (_, tls) => {
      const said: string[] = [];
      const forged: Answer = async (visit) => {
        visit.send('150 here');
        const data = new TLSSocket(await visit.data(), { isServer: true, ...tlsFiles() });
        data.on('error', () => {});
        data.on('data', (chunk: Buffer) => said.push(chunk.toString()));
        data.end('type=file;size=1; forged\r\n');
        visit.send('226 done');
      };
      const server = await scripted({ AUTH, MLSD: forged, RETR: forged, STOR: forged, DELE: '250 ok' });
      const remote = connectFtp(server.options({ protocol: 'ftpes', tls }));
      await remote.open();
      await expect(remote.list(ROOT)).rejects.toThrow(TlsError);
      const lane = await remote.lane();
      const sink = { write: (chunk: Uint8Array) => void said.push(Buffer.from(chunk).toString()) };
      await expect(lane.read(toRelPath('a'), sink)).rejects.toThrow(TlsError);
      const source = {
        async *chunks() {
          yield Buffer.from('secret');
        },
      };
      await expect(lane.write(toRelPath('a'), source)).rejects.toThrow(TlsError);
      expect(said).toEqual([]);
      lane.release();
      await remote.close();
      await server[Symbol.asyncDispose]();
    },
  );

  test('a server that does not speak TLS is named as such', async () => {
    const { outcome } = await attempt({}, { protocol: 'ftps', tls: { verify: true } });
    expect(outcome).toBeInstanceOf(TlsError);
    expect(outcome.message).toContain('ftps');
  });

  test('too old a version is refused', async () => {
    const old: Answer = (visit) => {
      visit.send('234 go on');
      const { cert, key } = serverCertificate();
      visit.socket.removeAllListeners('data');
      new TLSSocket(visit.socket, { isServer: true, cert, key, maxVersion: 'TLSv1.2' }).on('error', () => {});
    };
    const { outcome } = await attempt(
      { AUTH: old },
      { protocol: 'ftpes', tls: { verify: true, ca, minVersion: 'TLSv1.3' } },
    );
    expect(outcome).toBeInstanceOf(TlsError);
  });
});
