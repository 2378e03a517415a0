// Command by command: what each answers when all is well, and when it is not. docs/pyftpdlib.md names these tests.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ServerOptions } from '../../src/server/index.ts';
import { dial, drained, Raw, type Served, serve, tlsFiles } from './raw.ts';

interface Here {
  readonly served: Served;
  readonly client: Raw;
  say(command: string): Promise<string>;
  /** The file's content on the disk. */
  disk(name: string): string;
  put(name: string, content: string): void;
}

async function here(options: ServerOptions = {}): Promise<Here> {
  const served = await serve(options);
  const client = await Raw.login(served);
  const file = (name: string) => join(served.root, name);
  return {
    served,
    client,
    say: (command) => client.say(command),
    disk: (name) => readFileSync(file(name), 'latin1'),
    put: (name, content) => {
      mkdirSync(join(file(name), '..'), { recursive: true });
      writeFileSync(file(name), content, 'latin1');
    },
  };
}

/** The same on a server whose only user has these permissions. */
const allowed = (permissions: string) => here({ users: [{ name: 'u', password: 'p', permissions }] });

const code = (answer: string) => Number(answer.slice(0, 3));

describe('coming and going', () => {
  test('USER and PASS let in with the right password only, and in their order', async () => {
    const served = await serve();
    const client = await Raw.connect(served);
    expect(await client.reply()).toMatch(/^220 /);
    expect(code(await client.say('PASS p'))).toBe(503);
    expect(code(await client.say('USER'))).toBe(501);
    expect(code(await client.say('USER u'))).toBe(331);
    expect(code(await client.say('PASS wrong'))).toBe(530);
    expect(code(await client.say('PASS p'))).toBe(503);
    await client.say('USER u');
    expect(code(await client.say('PASS p'))).toBe(230);
    expect(code(await client.say('PASS p'))).toBe(503);
  });

  test('USER in the midst of a session begins anew', async () => {
    const { say } = await here();
    expect(code(await say('USER u'))).toBe(331);
    expect(code(await say('PWD'))).toBe(530);
    expect(code(await say('PASS p'))).toBe(230);
  });

  test('ACCT is not needed, and says so', async () => {
    const { say } = await here();
    expect(code(await say('ACCT me'))).toBe(202);
    expect(code(await say('ACCT'))).toBe(501);
  });

  test('REIN takes back the login, the folder and the type, not the connection', async () => {
    const { say, put } = await here();
    put('d/a', 'a');
    await say('CWD d');
    expect(code(await say('REIN'))).toBe(220);
    expect(code(await say('PWD'))).toBe(530);
    await say('USER u');
    await say('PASS p');
    expect(await say('PWD')).toMatch(/^257 "\/"/);
    expect(code(await say('SIZE d/a'))).toBe(550);
  });

  test('QUIT says goodbye, after what came before it', async () => {
    const { client } = await here();
    client.send('NOOP\r\nQUIT\r\nNOOP\r\n');
    expect(await client.codes(2)).toBe('200 221');
    expect(await client.ended()).toBe(true);
  });
});

describe('about the server', () => {
  test('FEAT lists what there is, between 211 and 211', async () => {
    const { say } = await here();
    const lines = (await say('FEAT')).split('\n');
    expect(lines[0]).toMatch(/^211-/);
    expect(lines.at(-1)).toMatch(/^211 /);
    const features = lines.slice(1, -1);
    for (const line of features) expect(line).toMatch(/^ \S/);
    const names = features.map((line) => line.trim().split(' ')[0]);
    expect(names).toEqual(
      expect.arrayContaining(['EPRT', 'EPSV', 'MDTM', 'MFMT', 'MLST', 'REST', 'SIZE', 'TVFS', 'UTF8']),
    );
    expect(names).not.toContain('AUTH');
  });

  test('OPTS chooses the facts of MLST, and takes UTF8', async () => {
    const { say } = await here();
    expect(await say('OPTS MLST type;SIZE;nonsense;')).toMatch(/^200 MLST OPTS type;size;$/);
    expect(await say('MLST /')).toMatch(/\n {1,2}type=dir; \/\n250/);
    expect(code(await say('OPTS UTF8 ON'))).toBe(200);
    expect(code(await say('OPTS NOOP'))).toBe(501);
    expect(code(await say('OPTS'))).toBe(501);
  });

  test('HELP lists the commands, and tells the syntax of one', async () => {
    const { say } = await here();
    expect(await say('HELP')).toMatch(/^214-[\s\S]*\bSTOR\b[\s\S]*\n214 /);
    expect(await say('HELP stor')).toBe('214 Syntax: STOR file');
    expect(await say('HELP SITE CHMOD')).toMatch(/^214 Syntax: SITE CHMOD/);
    expect(code(await say('HELP FROBNICATE'))).toBe(501);
  });

  test('SYST is Unix', async () => {
    const { say } = await here();
    expect(await say('SYST')).toBe('215 UNIX Type: L8');
    expect(code(await say('SYST now'))).toBe(501);
  });

  test('NOOP does nothing', async () => {
    const { say } = await here();
    expect(code(await say('NOOP'))).toBe(200);
  });

  test('STAT tells how the session stands, or lists a path over the control connection', async () => {
    const { say, put } = await here();
    put('d/a', 'abc');
    const status = await say('STAT');
    expect(status).toMatch(/^211-[\s\S]*Logged in as u[\s\S]*\n211 /);
    const listed = await say('STAT d');
    expect(listed).toMatch(/^213-[\s\S]*\n .* 3 .* a\n213 /);
    expect(code(await say('STAT none'))).toBe(550);
  });

  test('STAT with Telnet’s interrupt tells how far a transfer is, while it runs', async () => {
    const { client, disk } = await here();
    const data = await client.passive();
    expect(code(await client.say('STOR a'))).toBe(150);
    data.write('12345');
    let progress = '';
    while (!progress.includes('5 bytes')) {
      client.send('\xff\xf4\xff\xf2STAT\r\n');
      progress = await client.reply();
      expect(code(progress)).toBe(213);
    }
    data.end('678');
    expect(code(await client.reply())).toBe(226);
    expect(disk('a')).toBe('12345678');
  });

  test('unknown commands are answered 500, in whatever case known ones are known', async () => {
    const { say } = await here();
    expect(code(await say('FROB'))).toBe(500);
    expect(code(await say('SMNT /x'))).toBe(500);
    expect(code(await say('noop'))).toBe(200);
    expect(code(await say('NoOp'))).toBe(200);
  });
});

describe('folders', () => {
  test('CWD and XCWD enter folders, and nothing else', async () => {
    const { say, put } = await here();
    put('d/e/a', '');
    for (const verb of ['CWD', 'XCWD']) {
      expect(await say(`${verb} /d/e`)).toMatch(/^250 "\/d\/e"/);
      expect(code(await say(`${verb} a`))).toBe(550);
      expect(code(await say(`${verb} none`))).toBe(550);
      expect(await say('PWD')).toMatch(/^257 "\/d\/e"/);
    }
    expect(await say('CWD')).toMatch(/^250 "\/"/);
  });

  test('CDUP and XCUP go up, not beyond the home', async () => {
    const { say, put } = await here();
    put('d/e/a', '');
    await say('CWD d/e');
    expect(await say('CDUP')).toMatch(/^250 "\/d"/);
    expect(await say('XCUP')).toMatch(/^250 "\/"/);
    expect(await say('CDUP')).toMatch(/^250 "\/"/);
    expect(code(await say('CDUP x'))).toBe(501);
  });

  test('PWD and XPWD tell the folder, its quotes doubled', async () => {
    const { say, put } = await here();
    put('qu"ote/a', '');
    await say('CWD qu"ote');
    for (const verb of ['PWD', 'XPWD']) expect(await say(verb)).toMatch(/^257 "\/qu""ote"/);
    expect(code(await say('PWD x'))).toBe(501);
  });

  test('MKD and XMKD make folders, once', async () => {
    const { served, say } = await here();
    expect(await say('MKD a')).toMatch(/^257 "\/a"/);
    expect(await say('XMKD /a/b')).toMatch(/^257 "\/a\/b"/);
    expect(statSync(join(served.root, 'a/b')).isDirectory()).toBe(true);
    expect(code(await say('MKD a'))).toBe(550);
    expect(code(await say('MKD none/b'))).toBe(550);
    expect(code(await say('MKD'))).toBe(501);
  });

  test('RMD and XRMD remove empty folders only', async () => {
    const { served, say, put } = await here();
    put('d/e/a', '');
    put('file', '');
    mkdirSync(join(served.root, 'empty'));
    mkdirSync(join(served.root, 'empty too'));
    expect(code(await say('RMD empty'))).toBe(250);
    expect(code(await say('XRMD empty too'))).toBe(250);
    expect(code(await say('RMD d'))).toBe(550);
    expect(code(await say('RMD file'))).toBe(550);
    expect(code(await say('RMD none'))).toBe(550);
    expect(code(await say('RMD /'))).toBe(550);
    expect(readdirSync(served.root).sort()).toEqual(['d', 'file']);
  });
});

describe('names and facts', () => {
  test('DELE deletes files', async () => {
    const { served, say, put } = await here();
    put('a', '');
    mkdirSync(join(served.root, 'd'));
    expect(code(await say('DELE a'))).toBe(250);
    expect(code(await say('DELE a'))).toBe(550);
    expect(code(await say('DELE d'))).toBe(550);
    expect(existsSync(join(served.root, 'a'))).toBe(false);
  });

  test('RNFR and RNTO rename files and folders, the one right behind the other', async () => {
    const { say, put, disk } = await here();
    put('a', 'A');
    put('d/b', 'B');
    expect(code(await say('RNTO x'))).toBe(503);
    expect(code(await say('RNFR none'))).toBe(550);
    expect(code(await say('RNFR a'))).toBe(350);
    expect(code(await say('RNTO d/a'))).toBe(250);
    await say('RNFR d');
    expect(code(await say('RNTO e'))).toBe(250);
    expect(disk('e/a') + disk('e/b')).toBe('AB');
    await say('RNFR e');
    await say('NOOP');
    expect(code(await say('RNTO f'))).toBe(503);
    expect(code(await say('RNFR /'))).toBe(550);
  });

  test('SIZE tells a file’s size in binary type', async () => {
    const { say, put } = await here();
    put('a', '12345');
    expect(await say('SIZE a')).toBe('213 5');
    expect(code(await say('SIZE /'))).toBe(550);
    expect(code(await say('SIZE none'))).toBe(550);
    await say('TYPE A');
    expect(code(await say('SIZE a'))).toBe(550);
  });

  test('MDTM tells a modification time in UTC', async () => {
    const { served, say, put } = await here({ fractions: false });
    put('a', '');
    utimesSync(join(served.root, 'a'), 1_600_000_000, 1_600_000_000);
    expect(await say('MDTM a')).toBe('213 20200913122640');
    expect(code(await say('MDTM none'))).toBe(550);
  });

  test('MFMT sets a modification time', async () => {
    const { served, say, put } = await here();
    put('a', '');
    expect(await say('MFMT 20200913122640 a')).toBe('213 Modify=20200913122640; a');
    expect(Math.floor(statSync(join(served.root, 'a')).mtimeMs)).toBe(1_600_000_000_000);
    expect(code(await say('MFMT 2020 a'))).toBe(501);
    expect(code(await say('MFMT 20200913122640'))).toBe(501);
    expect(code(await say('MFMT 20200913122640 none'))).toBe(550);
  });

  test('SITE CHMOD changes permission bits', async () => {
    const { served, say, put } = await here();
    put('a b', '');
    expect(code(await say('SITE CHMOD 640 a b'))).toBe(200);
    expect(statSync(join(served.root, 'a b')).mode & 0o777).toBe(0o640);
    expect(code(await say('SITE CHMOD 999 a b'))).toBe(501);
    expect(code(await say('SITE CHMOD 640'))).toBe(501);
    expect(code(await say('SITE CHMOD 640 none'))).toBe(550);
  });

  test('SITE HELP lists what SITE has, and SITE nothing else', async () => {
    const { say } = await here();
    expect(await say('SITE HELP')).toMatch(/^214-[\s\S]*CHMOD[\s\S]*\n214 /);
    expect(code(await say('SITE'))).toBe(501);
    expect(code(await say('SITE EXEC ls'))).toBe(504);
  });
});

describe('listings', () => {
  const files = ({ put }: Here) => {
    put('d/a', 'abc');
    put('d/.b', '');
    put('c', '');
  };

  test('LIST prints lines as ls does, of a folder, a file, a pattern, and below with -R', async () => {
    const it = await here();
    files(it);
    const names = async (argument: string) =>
      (await it.client.lines(`LIST ${argument}`.trim())).map((line) => line.replace(/^[-dl].* /, ''));
    expect((await it.client.lines('LIST d'))[1]).toMatch(/^-rw[-rwx]{7} +\d+ \S+ +\S+ +3 \w{3} +\d+ +[\d:]+ a$/);
    expect(await names('')).toEqual(['c', 'd']);
    expect(await names('d/a')).toEqual(['a']);
    expect(await names('-la d')).toEqual(['.b', 'a']);
    expect(await names('d/*')).toEqual(['a']);
    expect(await names('-R')).toEqual(expect.arrayContaining(['./d:', 'a']));
    expect(code((await it.client.fetch('LIST none')).reply)).toBe(550);
  });

  test('NLST prints names', async () => {
    const it = await here();
    files(it);
    expect(await it.client.lines('NLST')).toEqual(['c', 'd']);
    expect(await it.client.lines('NLST d')).toEqual(['d/.b', 'd/a']);
    expect(await it.client.lines('NLST c')).toEqual(['c']);
    expect(code((await it.client.fetch('NLST none')).reply)).toBe(550);
  });

  test('MLSD prints facts of what is in a folder, and of nothing else', async () => {
    const it = await here();
    files(it);
    const lines = await it.client.lines('MLSD d');
    expect(lines.map((line) => line.slice(line.indexOf(' ') + 1))).toEqual(['.b', 'a']);
    expect(lines[1]).toMatch(/^type=file;size=3;modify=\d{14}(?:\.\d+)?;perm=adfrw;unique=\w+;UNIX\.mode=0\d{3}; a$/);
    expect(code((await it.client.fetch('MLSD c')).reply)).toBe(501);
    expect(code((await it.client.fetch('MLSD none')).reply)).toBe(550);
  });

  test('MLST prints the facts of one path over the control connection', async () => {
    const it = await here();
    files(it);
    expect(await it.say('MLST d/a')).toMatch(/^250-[^\n]*\n {1,2}type=file;size=3;[^\n]* \/d\/a\n250 /);
    expect(await it.say('MLST')).toMatch(/^250-[^\n]*\n {1,2}type=dir;[^\n]* \/\n250 /);
    expect(code(await it.say('MLST none'))).toBe(550);
  });
});

describe('transfers', () => {
  test('RETR sends a file, and nothing but a file', async () => {
    const { client, put } = await here();
    put('a', 'content');
    put('d/b', '');
    const { data, reply } = await client.fetch('RETR a');
    expect(data.toString()).toBe('content');
    expect(code(reply)).toBe(226);
    for (const name of ['d', 'none']) expect(code((await client.fetch(`RETR ${name}`)).reply), name).toBe(550);
    expect(code(await client.say('RETR a'))).toBe(425);
  });

  test('STOR takes a file, over an old one too', async () => {
    const { client, disk, put } = await here();
    put('d/b', '');
    for (const content of ['a longer content', 'short', '']) {
      expect(code(await client.put('STOR a', content))).toBe(226);
      expect(disk('a')).toBe(content);
    }
    expect(code(await client.put('STOR d', 'x'))).toBe(550);
    expect(code(await client.put('STOR none/a', 'x'))).toBe(550);
    expect(code(await client.say('STOR a'))).toBe(425);
    expect(disk('a')).toBe('');
  });

  test('STOU takes a file under a name that nothing has, and tells it', async () => {
    const { client, served, disk } = await here();
    const data = await client.passive();
    const opening = await client.say('STOU');
    const name = /^150 FILE: (\S+)$/.exec(opening)?.[1];
    data.end('unique');
    expect(code(await client.reply())).toBe(226);
    expect(disk(name!)).toBe('unique');
    await client.put('STOU report', 'x');
    await client.put('STOU report', 'y');
    expect(readdirSync(served.root).filter((one) => one.startsWith('report.'))).toHaveLength(2);
  });

  test('APPE adds to a file, or begins one', async () => {
    const { client, disk } = await here();
    expect(code(await client.put('APPE a', 'one, '))).toBe(226);
    expect(code(await client.put('APPE a', 'two'))).toBe(226);
    expect(disk('a')).toBe('one, two');
  });

  test('REST holds for the next RETR or STOR, and never behind the end', async () => {
    const { client, put, disk } = await here();
    put('a', '0123456789');
    expect(code(await client.say('REST 4'))).toBe(350);
    expect((await client.fetch('RETR a')).data.toString()).toBe('456789');
    expect((await client.fetch('RETR a')).data.toString()).toBe('0123456789');
    await client.say('REST 8');
    expect(code(await client.put('STOR a', 'xyz'))).toBe(226);
    expect(disk('a')).toBe('01234567xyz');
    for (const command of ['RETR a', 'STOR a']) {
      await client.say('REST 99');
      expect(code((await client.fetch(command)).reply), command).toBe(554);
    }
    expect(disk('a')).toBe('01234567xyz');
    for (const bad of ['-1', 'x', '1 2', '']) expect(code(await client.say(`REST ${bad}`)), bad).toBe(501);
  });

  test('ABOR without a transfer is 225, with one 426 and 226', async () => {
    const { client, put } = await here({ downloadRate: 1000 });
    put('big', 'x'.repeat(1_000_000));
    expect(code(await client.say('ABOR'))).toBe(225);
    const data = await client.passive();
    data.resume();
    expect(code(await client.say('RETR big'))).toBe(150);
    client.send('ABOR\r\n');
    expect(await client.codes(2)).toBe('426 226');
    expect(code(await client.say('NOOP'))).toBe(200);
  });

  test('ALLO needs nothing, and says so', async () => {
    const { say } = await here();
    expect(code(await say('ALLO 1000'))).toBe(202);
    expect(code(await say('ALLO'))).toBe(501);
  });

  test('TYPE is A or I (L 8), and A converts line ends', async () => {
    const { client, say, disk } = await here();
    for (const type of ['A', 'a', 'A N', 'I', 'i', 'L 8', 'L8'])
      expect(code(await say(`TYPE ${type}`)), type).toBe(200);
    for (const type of ['E', 'L 7', 'X']) expect(code(await say(`TYPE ${type}`)), type).toBe(504);
    await say('TYPE A');
    await client.put('STOR a', 'one\r\ntwo\r\n');
    expect(disk('a')).toBe('one\ntwo\n');
    expect((await client.fetch('RETR a')).data.toString()).toBe('one\r\ntwo\r\n');
  });

  test('MODE is S, STRU is F', async () => {
    const { say } = await here();
    expect(code(await say('MODE s'))).toBe(200);
    expect(code(await say('STRU f'))).toBe(200);
    for (const other of ['MODE B', 'MODE C', 'MODE Z', 'STRU R', 'STRU P'])
      expect(code(await say(other)), other).toBe(504);
  });
});

describe('data connections', () => {
  test('PASV names the address that the client has connected to, and one port', async () => {
    const { client, say, put } = await here();
    put('a', 'content');
    const numbers = /\((127,0,0,1),(\d+),(\d+)\)/.exec(await say('PASV'));
    const data = await dial(Number(numbers?.[2]) * 256 + Number(numbers?.[3]), '127.0.0.1');
    client.send('RETR a\r\n');
    expect((await drained(data)).toString()).toBe('content');
    expect(await client.codes(2)).toBe('150 226');
    expect(code(await say('PASV x'))).toBe(501);
  });

  test('a masquerade address is the one told', async () => {
    const { say } = await here({ passiveAddress: '192.0.2.7', passivePorts: [40_000, 65_000] });
    const [, high, low] = /\(192,0,2,7,(\d+),(\d+)\)/.exec(await say('PASV')) ?? [];
    expect(Number(high) * 256 + Number(low)).toBeGreaterThanOrEqual(40_000);
  });

  test('EPSV names a port; after EPSV ALL nothing else is taken', async () => {
    const { client, say } = await here();
    expect(await say('EPSV')).toMatch(/^229 .*\(\|\|\|\d+\|\)/);
    expect(code(await say('EPSV 1'))).toBe(229);
    expect(code(await say('EPSV 2'))).toBe(522);
    expect(code(await say('EPSV x'))).toBe(501);
    expect(code(await say('EPSV ALL'))).toBe(200);
    for (const other of ['PASV', 'PORT 127,0,0,1,200,1', 'EPRT |1|127.0.0.1|51201|'])
      expect(code(await say(other))).toBe(501);
    expect(await client.lines('NLST')).toEqual([]);
  });

  test('PORT and EPRT make the server dial the client, and nobody else', async () => {
    const { client, say, put } = await here();
    put('a', 'content');
    for (const form of [
      (port: number) => `PORT 127,0,0,1,${port >> 8},${port & 255}`,
      (port: number) => `EPRT |1|127.0.0.1|${port}|`,
    ]) {
      const listener = createServer();
      onTestFinished(() => listener.close() as never);
      await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
      const arrived = new Promise<Buffer>((resolve) =>
        listener.once('connection', (socket) => resolve(drained(socket))),
      );
      expect(code(await say(form((listener.address() as { port: number }).port)))).toBe(200);
      client.send('RETR a\r\n');
      expect((await arrived).toString()).toBe('content');
      expect(await client.codes(2)).toBe('150 226');
    }
    for (const bad of ['PORT 1,2,3', 'PORT 127,0,0,1,256,1', 'EPRT |1|127.0.0.1|99999|', 'EPRT |2|127.0.0.1|2000|'])
      expect(code(await say(bad)), bad).toBe(501);
    for (const foreign of ['PORT 127,0,0,2,200,1', 'EPRT |1|192.0.2.1|51201|', 'PORT 127,0,0,1,0,22'])
      expect(code(await say(foreign)), foreign).toBe(504);
    expect(code(await say('EPRT |9|127.0.0.1|2000|'))).toBe(522);
  });

  test('active mode can be turned off', async () => {
    const { say } = await here({ activeMode: false });
    expect(code(await say('PORT 127,0,0,1,200,1'))).toBe(502);
    expect(code(await say('EPRT |1|127.0.0.1|51201|'))).toBe(502);
  });
});

describe('protection', () => {
  test('AUTH, PBSZ and PROT come in that order, and only with TLS', async () => {
    const plain = await here();
    expect(code(await plain.say('AUTH TLS'))).toBe(502);
    const { client, say } = await here({ tls: tlsFiles() });
    expect(code(await say('PBSZ 0'))).toBe(503);
    expect(code(await say('PROT P'))).toBe(503);
    expect(code(await say('AUTH KERBEROS'))).toBe(504);
    expect(code(await say('AUTH TLS'))).toBe(234);
    await client.startTls();
    expect(code(await say('AUTH TLS'))).toBe(503);
    expect(code(await say('PROT P'))).toBe(503);
    expect(await say('PBSZ 100')).toMatch(/^200 .*PBSZ=0/);
    expect(code(await say('PROT S'))).toBe(536);
    expect(code(await say('PROT X'))).toBe(504);
    expect(code(await say('PROT P'))).toBe(200);
    expect(code(await say('PROT C'))).toBe(200);
  });
});

describe('permissions', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['e', ['CWD d', 'CDUP']],
    ['l', ['STAT a', 'MLST a', 'SIZE a', 'MDTM a']],
    ['r', ['HASH a', 'XCRC a']],
    ['d', ['DELE a', 'RMD d']],
    ['f', ['RNFR a']],
    ['m', ['MKD new', 'XMKD new']],
    ['M', ['SITE CHMOD 600 a']],
    ['T', ['MFMT 20200101000000 a']],
  ];
  const data: readonly (readonly [string, readonly string[]])[] = [
    ['l', ['LIST', 'NLST', 'MLSD']],
    ['r', ['RETR a']],
    ['a', ['APPE a']],
    ['w', ['STOR a', 'STOU']],
  ];
  const all = 'elradfmwMT';

  test.each(cases)('without %s, %j is refused, and with nothing else it is allowed', async (letter, commands) => {
    for (const command of commands) {
      const without = await allowed(all.replace(letter, ''));
      without.put('a', 'x');
      mkdirSync(join(without.served.root, 'd'));
      expect(code(await without.say(command)), command).toBe(550);
      const only = await allowed(letter);
      only.put('a', 'x');
      mkdirSync(join(only.served.root, 'd'));
      expect(code(await only.say(command)), command).toBeLessThan(400);
    }
  });

  test.each(data)(
    'without %s, %j is refused before any data, and with nothing else it is allowed',
    async (letter, commands) => {
      for (const command of commands) {
        const without = await allowed(all.replace(letter, ''));
        without.put('a', 'x');
        expect(code(await without.client.put(command, '')), command).toBe(550);
        const only = await allowed(letter);
        only.put('a', 'x');
        const { reply } = /STO|APPE/.test(command)
          ? { reply: await only.client.put(command, 'more') }
          : await only.client.fetch(command);
        expect(code(reply), command).toBe(226);
      }
    },
  );
});

test('HASH and its older kin tell what the bytes on the disk hash to', async () => {
  const { say, put } = await here();
  put('a b', 'content');
  const hash = (name: string) => createHash(name).update('content').digest('hex');
  expect(await say('HASH a b')).toBe(`213 SHA-256 0-7 ${hash('sha256')} a b`);
  expect(await say('XMD5 a b')).toBe(`250 ${hash('md5').toUpperCase()}`);
  expect(await say('XSHA1 a b')).toBe(`250 ${hash('sha1').toUpperCase()}`);
  expect(await say('XSHA256 a b')).toBe(`250 ${hash('sha256').toUpperCase()}`);
  expect(code(await say('HASH none'))).toBe(550);
});
