/** The conversation: connecting, logging in, TLS on and off, any command, the ways it can end. */
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  FTP_PORT,
  FTPS_PORT,
  FtpClient,
  type FtpClientOptions,
  type FtpLogin,
  isFtpError,
  isPermanent,
  isTemporary,
} from '../../../src/ftp/client/index.ts';
import {
  ConnectError,
  LoginError,
  LostError,
  NameError,
  ProtocolError,
  ReplyError,
  TlsError,
  TooManyConnectionsError,
  UsageError,
} from '../../../src/model/index.ts';
import { serve, tlsFiles } from '../../server/raw.ts';
import { type Script, scripted, serverCertificate } from '../scripted.ts';
import { Received } from './clients.ts';

interface Place {
  readonly host?: string;
  readonly port: number;
}

async function clientOf(place: Place, options: Partial<FtpClientOptions> = {}): Promise<FtpClient> {
  const client = new FtpClient({ host: '127.0.0.1', port: place.port, replyTimeout: 2000, ...options });
  onTestFinished(() => client.close());
  await client.connect();
  return client;
}

async function loggedIn(place: Place, options: Partial<FtpClientOptions> & FtpLogin = {}): Promise<FtpClient> {
  const { user = 'u', password = 'p', account, ...rest } = options;
  const client = await clientOf(place, rest);
  await client.login({ user, password, ...(account !== undefined && { account }) });
  return client;
}

async function server(script: Script = {}) {
  const made = await scripted(script);
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

const ASKS_FOR_ALL: Script = { USER: '331 password', PASS: '332 account', ACCT: '230 in' };

describe('connecting', () => {
  test('the greeting is kept, all lines of it', async () => {
    const ftp = await server({
      greeting: ['220-Grüße'.replace('ü', '\xc3\xbc').replace('ß', '\xc3\x9f'), '220 ready'],
    });
    const client = await clientOf(ftp);
    expect(client.welcome).toEqual({ code: 220, lines: ['220-Grüße', '220 ready'], text: 'Grüße ready' });
  });

  test('open connects and logs in with all that it was told', async () => {
    const ftp = await server(ASKS_FOR_ALL);
    const client = await FtpClient.open({
      host: '127.0.0.1',
      port: ftp.port,
      user: 'ferry',
      password: 'geheim',
      account: 'books',
      sourceAddress: '127.0.0.9',
    });
    onTestFinished(() => client.close());
    expect(ftp.commands.slice(0, 3)).toEqual(['USER ferry', 'PASS geheim', 'ACCT books']);
    expect(ftp.visits[0]?.socket.remoteAddress).toBe('127.0.0.9');
  });

  test('a client connects again, elsewhere', async () => {
    const [first, second] = [await server({ greeting: '220 first' }), await server({ greeting: '220 second' })];
    const client = await loggedIn(first);
    const left = once(first.visits[0]!.socket, 'close');
    expect((await client.connect({ port: second.port })).text).toBe('second');
    await left;
    await client.login();
    expect(second.commands.slice(0, 2)).toEqual(['USER anonymous', 'PASS anonymous@']);
    expect(await client.pwd()).toBe('/');
  });

  test('without a connection every method says so', async () => {
    const client = new FtpClient({ host: '127.0.0.1' });
    expect(client.connected).toBe(false);
    await expect(client.pwd()).rejects.toThrow(/connect\(\) comes first/);
    expect(() => client.welcome).toThrow(LostError);
  });

  test('a server that is not there, or does not want us, is told apart', async () => {
    const gone = await scripted();
    await gone[Symbol.asyncDispose]();
    await expect(clientOf(gone)).rejects.toThrow(ConnectError);
    const full = await server({ greeting: '421 Too many connections' });
    await expect(clientOf(full)).rejects.toThrow(TooManyConnectionsError);
    const strict = await server({ PASS: '530 no' });
    await expect(loggedIn(strict)).rejects.toThrow(LoginError);
  });

  test('the ports are those of the standard', async () => {
    expect([FTP_PORT, FTPS_PORT]).toEqual([21, 990]);
    // Nobody listens there.
    await expect(new FtpClient({ host: '127.0.0.77' }).connect()).rejects.toThrow(/127\.0\.0\.77:21\b/);
    await expect(new FtpClient({ host: '127.0.0.77', protocol: 'ftps' }).connect()).rejects.toThrow(/77:990\b/);
  });

  test('names and replies are in the charset that was set', async () => {
    const ftp = await server({ CWD: '250 \xc4\xe3\xba\xc3', PWD: '257 "/\xc4\xe3\xba\xc3"' });
    const client = await loggedIn(ftp, { encoding: 'gbk' });
    expect((await client.cwd('你好')).text).toBe('你好');
    expect(ftp.commands.at(-1)).toBe('CWD \xc4\xe3\xba\xc3');
    expect(await client.pwd()).toBe('/你好');
  });
});

describe('commands', () => {
  test('any command can be sent, its reply is handed out', async () => {
    const ftp = await server({ STAT: ['211-All', ' is well', '211 so far'], RNFR: '350 go on', NOOP: '200 ok' });
    const client = await loggedIn(ftp);
    expect((await client.command('STAT')).lines).toEqual(['211-All', ' is well', '211 so far']);
    expect((await client.command('RNFR a')).code).toBe(350);
    expect((await client.voidCommand('NOOP')).text).toBe('ok');
    await expect(client.voidCommand('RNFR a')).rejects.toThrow(ProtocolError);
    await expect(client.command('XYZZY')).rejects.toThrow(ReplyError);
  });

  test('a command that this client knows nothing of may be answered in any way', async () => {
    const ftp = await server({ XPWD: '257 "/x"', SITE: '350 go on', RANG: '350 fine', size: '213 3' });
    const client = await loggedIn(ftp);
    expect((await client.command('XPWD')).code).toBe(257);
    expect((await client.command('SITE CPFR a')).code).toBe(350);
    expect((await client.command('RANG 1 2')).code).toBe(350);
    expect(client.connected).toBe(true);
  });

  test('line breaks and NUL are refused before anything is sent, and no password is shown', async () => {
    const ftp = await server();
    const client = await loggedIn(ftp);
    const before = ftp.commands.length;
    for (const bad of ['a\nDELE b', 'a\rb', 'a\0b']) {
      await expect(client.delete(bad)).rejects.toThrow(NameError);
      await expect(client.command(`NOOP ${bad}`)).rejects.toThrow(NameError);
      await expect(client.nlst(bad)).rejects.toThrow(NameError);
      await expect(client.storeBinary(`STOR ${bad}`, [])).rejects.toThrow(NameError);
    }
    const shown = await client.account('ge\nheim').catch((error: Error) => error.message);
    expect(shown).not.toContain('heim');
    const latin1 = await loggedIn(await server(), { encoding: 'latin1' });
    const secret = await latin1.account('geheim ☃').catch((error: Error) => error.message);
    expect(secret).toMatch(/cannot be written in latin1/);
    expect(secret).not.toContain('geheim');
    await expect(latin1.delete('☃')).rejects.toThrow(NameError);
    expect(ftp.commands).toHaveLength(before);
  });

  test('refusals are temporary or permanent, and everything else has its class', async () => {
    const ftp = await server({ DELE: '450 busy', RMD: '550 no', SIZE: '250 12' });
    const client = await loggedIn(ftp);
    const temporary = await client.delete('a').catch((error: unknown) => error);
    const permanent = await client.rmd('a').catch((error: unknown) => error);
    const strange = await client.size('a').catch((error: unknown) => error);
    expect([isTemporary(temporary), isPermanent(temporary)]).toEqual([true, false]);
    expect([isTemporary(permanent), isPermanent(permanent)]).toEqual([false, true]);
    expect(strange).toBeInstanceOf(ProtocolError);
    expect([temporary, permanent, strange, new Error('ours')].map(isFtpError)).toEqual([true, true, true, false]);
  });

  test('every line is told, secrets masked', async () => {
    const lines: string[] = [];
    const ftp = await server(ASKS_FOR_ALL);
    const client = await loggedIn(ftp, {
      password: 'geheim',
      account: 'konto',
      debug: (line) => void lines.push(line),
    });
    expect(lines.slice(0, 7)).toEqual([
      '< 220 ready',
      '> USER u',
      '< 331 password',
      '> PASS ***',
      '< 332 account',
      '> ACCT ***',
      '< 230 in',
    ]);
    await client.account('konto');
    expect(lines.join()).not.toMatch(/geheim|konto/);
    client.debug = undefined;
    const told = lines.length;
    await client.command('NOOP').catch(() => {});
    expect(lines).toHaveLength(told);
  });

  test('the account is sent when it is asked for, or at will', async () => {
    const ftp = await server({ ACCT: '202 not needed' });
    const client = await loggedIn(ftp, { account: 'books' });
    expect(ftp.commands).not.toContain('ACCT books');
    expect((await client.account('books')).code).toBe(202);
    expect(ftp.commands.at(-1)).toBe('ACCT books');
  });

  test('a folder up is CDUP, and CWD where that is not known', async () => {
    const ftp = await server({ CDUP: '250 up' });
    await (await loggedIn(ftp)).cwd('..');
    expect(ftp.commands.at(-1)).toBe('CDUP');
    const old = await server({ CDUP: '502 what?' });
    const client = await loggedIn(old);
    await client.cwd('..');
    expect(old.commands.slice(-2)).toEqual(['CDUP', 'CWD ..']);
    await client.cwd('');
    expect(old.commands.at(-1)).toBe('CWD .');
    const strict = await server({ CDUP: '550 no' });
    await expect((await loggedIn(strict)).cwd('..')).rejects.toThrow(/550/);
  });

  test('a rename is refused by the name that is wrong', async () => {
    const ftp = await server({ RNFR: '550 no such file', RNTO: '503 RNFR first' });
    await expect((await loggedIn(ftp)).rename('a', 'b')).rejects.toMatchObject({ reply: 550, command: 'RNFR a' });
    const strict = await server({ RNFR: '350 go on', RNTO: '553 not there' });
    await expect((await loggedIn(strict)).rename('a', 'b')).rejects.toThrow(/RNTO b with 553/);
    const odd = await server({ RNFR: '200 ok', RNTO: '250 ok' });
    await expect((await loggedIn(odd)).rename('a', 'b')).rejects.toThrow(ProtocolError);
  });

  test('a path in 257 is taken out of its quotes, those in it undoubled', async () => {
    const ftp = await server({ PWD: '257 "/a ""b"" c" is "here"', MKD: '257 "/x""y" made' });
    const client = await loggedIn(ftp);
    expect(await client.pwd()).toBe('/a "b" c');
    expect(await client.mkd('x"y')).toBe('/x"y');
    const bare = await server({ PWD: '257 nowhere', MKD: '257 done' });
    const other = await loggedIn(bare);
    await expect(other.pwd()).rejects.toThrow(ProtocolError);
    expect(await other.mkd('made')).toBe('made');
  });

  test('a reply or a line without end is not waited for', async () => {
    const endless = await server({ NOOP: (visit) => visit.socket.write('200-'.padEnd(20_000, 'x')) });
    await expect((await loggedIn(endless)).command('NOOP')).rejects.toThrow(/without end/);
    const long = await server({
      NLST: async (visit) => {
        visit.send('150 here');
        (await visit.data()).end(`${'x'.repeat(20_000)}\r\n`);
        visit.send('226 done');
      },
    });
    await expect((await loggedIn(long)).nlst()).rejects.toThrow(ProtocolError);
  });
});

test('a file goes from one server to another without passing here', async () => {
  const [from, to] = [await serve(), await serve()];
  const [source, target] = [await loggedIn(from), await loggedIn(to)];
  await source.storeBinary('STOR a', [Buffer.from('straight')]);
  const address = /\(([\d,]+)\)/.exec((await target.command('PASV')).text)?.[1];
  await source.command(`PORT ${address}`);
  await Promise.all([target.voidCommand('STOR b'), source.voidCommand('RETR a')]);
  const got = new Received();
  await target.retrieveBinary('RETR b', got.take);
  expect(got.bytes.toString()).toBe('straight');
});

const IPV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

test.runIf(IPV6)('over IPv6 data flows both ways, in both modes', async () => {
  const ftp = await serve({ host: '::1' });
  const lines: string[] = [];
  const client = await loggedIn(ftp, { host: '::1', debug: (line) => void lines.push(line) });
  for (const passive of [true, false]) {
    client.setPassive(passive);
    await client.storeBinary('STOR a', [Buffer.from(`passive: ${passive}`)]);
    const got = new Received();
    await client.retrieveBinary('RETR a', got.take);
    expect(got.bytes.toString()).toBe(`passive: ${passive}`);
  }
  expect(lines.join('\n')).toMatch(/> EPSV.*> EPRT \|2\|::1\|/s);
});

describe('the end', () => {
  test('await using says goodbye', async () => {
    const ftp = await server();
    {
      await using client = new FtpClient({ host: '127.0.0.1', port: ftp.port });
      await client.connect();
    }
    await expect.poll(() => ftp.commands.at(-1)).toBe('QUIT');
  });

  test('close does not wait, and what is under way is told', async () => {
    const ftp = await server({ NOOP: () => {} });
    const client = await loggedIn(ftp);
    const waiting = client.command('NOOP');
    waiting.catch(() => {});
    client.close();
    await expect(waiting).rejects.toThrow(LostError);
    expect(ftp.commands).not.toContain('QUIT');
    client.close();
  });

  test('a server that falls silent is given up', async () => {
    const ftp = await server({ NOOP: () => {} });
    const client = await loggedIn(ftp, { replyTimeout: 100 });
    await expect(client.command('NOOP')).rejects.toThrow(LostError);
    const still = await server({ RETR: (visit) => visit.send('150 any moment now') });
    const other = await loggedIn(still, { dataTimeout: 100, replyTimeout: 300 });
    await expect(other.retrieveBinary('RETR a', () => {})).rejects.toThrow(LostError);
    const mute = await server({ greeting: () => {} });
    await expect(clientOf(mute, { replyTimeout: 100 })).rejects.toThrow(/within/);
  });
});

describe('TLS', () => {
  const secure = (options = {}) => serve({ tls: { ...tlsFiles(), ...options } });
  const trusting = () => ({ tls: { ca: tlsFiles().cert } });

  test('auth comes before the password where TLS was asked for', async () => {
    const ftp = await secure({ required: true });
    const client = await clientOf(ftp, { protocol: 'ftpes', ...trusting() });
    expect(client.secure).toEqual({ control: false, data: false });
    await client.login({ user: 'u', password: 'p' });
    expect(client.secure).toEqual({ control: true, data: true });
    const got = new Received();
    await client.storeBinary('STOR a', [Buffer.from('under TLS')]);
    await client.retrieveBinary('RETR a', got.take);
    expect(got.bytes.toString()).toBe('under TLS');
  });

  test('auth upgrades a connection that was plain', async () => {
    const ftp = await secure();
    const client = await clientOf(ftp, trusting());
    expect((await client.auth()).code).toBe(234);
    // Rather no data than data in the clear.
    expect(client.secure).toEqual({ control: true, data: true });
    await client.login({ user: 'u', password: 'p' });
    expect(client.secure).toEqual({ control: true, data: true });
    expect(await client.nlst()).toEqual([]);
    await expect(client.auth()).rejects.toThrow(UsageError);
  });

  test('where TLS is refused, no password is sent', async () => {
    const ftp = await server({ AUTH: '502 no' });
    const client = await clientOf(ftp, { protocol: 'ftpes' });
    await expect(client.login({ user: 'u', password: 'p' })).rejects.toThrow(TlsError);
    expect(ftp.commands).toEqual(['AUTH TLS']);
  });

  test('a certificate that cannot be trusted ends the connection', async () => {
    const ftp = await secure();
    const client = await clientOf(ftp, { protocol: 'ftpes' });
    await expect(client.login({ user: 'u', password: 'p' })).rejects.toThrow(TlsError);
    expect(client.connected).toBe(false);
  });

  test.each([
    ['a whole reply', '234 go\r\n230 you are in already\r\n'],
    ['half a reply', '234 go\r\n230 you are'],
  ])('%s that is sent in the clear behind the answer to AUTH is not believed', async (_, sent) => {
    const injecting = await server({ AUTH: (visit) => visit.socket.write(sent) });
    const client = await clientOf(injecting, { protocol: 'ftpes', tls: { ca: serverCertificate().ca } });
    await expect(client.auth()).rejects.toThrow(/before the TLS handshake|without being asked/);
    expect(client.connected).toBe(false);
  });

  test('protC sends data in the clear, protP under TLS again', async () => {
    const ftp = await secure();
    const client = await loggedIn(ftp, { protocol: 'ftpes', ...trusting() });
    await client.protC();
    expect(client.secure).toEqual({ control: true, data: false });
    const clear = await client.openTransfer('STOR a');
    expect('encrypted' in clear.stream).toBe(false);
    clear.stream.end('clear');
    await clear.finished();
    await client.protP();
    const hidden = await client.openTransfer('RETR a');
    expect('encrypted' in hidden.stream).toBe(true);
    expect(Buffer.concat(await hidden.stream.toArray()).toString()).toBe('clear');
    await hidden.finished();
    const plain = await loggedIn(ftp);
    await expect(plain.protP()).rejects.toThrow(/auth\(\) comes first/);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('ccc leaves TLS on the control connection, not on data, %s', async (v) => {
    const ftp = await secure({ allowClear: true, minVersion: v, maxVersion: v });
    const client = await loggedIn(ftp, { protocol: 'ftpes', ...trusting() });
    await client.storeBinary('STOR a', [Buffer.from('a')]);
    expect((await client.ccc()).code).toBe(200);
    expect(client.secure).toEqual({ control: false, data: true });
    for (let round = 0; round < 3; round += 1) expect(await client.pwd()).toBe('/');
    const stream = await client.openTransfer('RETR a');
    expect('encrypted' in stream.stream).toBe(true);
    expect(Buffer.concat(await stream.stream.toArray()).toString()).toBe('a');
    await stream.finished();
    await expect(client.ccc()).rejects.toThrow(UsageError);
    expect((await client.quit()).code).toBe(221);
  });

  test('commands that change the connection have methods of their own', async () => {
    const ftp = await server();
    const client = await loggedIn(ftp);
    for (const command of ['AUTH TLS', 'CCC', 'prot C'])
      await expect(client.command(command)).rejects.toThrow(UsageError);
  });

  test('under ftps TLS is spoken from the first byte', async () => {
    const ftp = await secure({ implicit: true });
    const client = await loggedIn(ftp, { protocol: 'ftps', ...trusting() });
    expect(client.secure).toEqual({ control: true, data: true });
    await client.storeBinary('STOR a', [Buffer.from('a')]);
    expect(await client.nlst()).toEqual(['a']);
  });

  test('the oldest version of TLS to be taken can be set', async () => {
    const ftp = await secure({ maxVersion: 'TLSv1.2' });
    const client = await clientOf(ftp, { protocol: 'ftpes', tls: { ca: tlsFiles().cert, minVersion: 'TLSv1.3' } });
    await expect(client.auth()).rejects.toThrow(TlsError);
  });

  test('a client certificate is shown', async () => {
    const { cert, key } = tlsFiles();
    const tls = createTlsServer({ cert, key, ca: cert, requestCert: true, rejectUnauthorized: true }, (socket) => {
      socket.on('error', () => {});
      socket.write(`220 hello ${socket.getPeerCertificate().subject.CN}\r\n`);
    });
    await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void tls.close());
    const { port } = tls.address() as { port: number };
    const client = await clientOf({ port }, { protocol: 'ftps', tls: { ca: cert, cert, key } });
    expect(client.welcome.text).toBe('hello localhost');
    client.close();
    await expect(clientOf({ port }, { protocol: 'ftps', tls: { ca: cert } })).rejects.toThrow();
  });
});
