// Clients that are not ours: the server is what they take it for.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ServerOptions } from '../../src/server/index.ts';
import { grown, have, plant, run, type Tree } from './others.ts';
import { folder, type Served, serve, tlsFiles } from './raw.ts';

test.runIf(process.env.CI)('in CI every client is installed', () => {
  expect(have('curl', 'lftp', 'ncftpput', 'wget', 'python3', 'rclone')).toBe(true);
});

const body = randomBytes(300_000);

// What a mirror meets: names that shells, URLs and listings take for something else, empty things, depth, all bytes.
const tree: Tree = {
  'plain.txt': 'plain',
  empty: '',
  'all bytes': body.toString('latin1'),
  'grüße/日本 語.txt': 'names',
  'a b/c  d/ e.txt': 'spaces',
  'odd/[x] {y} #1 %41 &amp; \'q\' "d".txt': 'odd',
  'odd/-dash': 'dash',
  'odd/.hidden': 'hidden',
  'odd/back\\slash*?': 'wild',
  'deep/1/2/3/4/5/6/7/8/end': 'end',
  'nothing in it': null,
  ...Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`many/${n}.txt`, `content ${n}`])),
};

const tame: Tree = {
  'plain.txt': 'plain',
  empty: '',
  'all-bytes': body.toString('latin1'),
  'a b/c d/e f.txt': 'spaces',
  'deep/1/2/3/end': 'end',
  ...Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`many/${n}.txt`, `content ${n}`])),
};

const secured = (): ServerOptions => ({ tls: tlsFiles() });

// Every method of ftplib's FTP and FTP_TLS.
const everyMethod = `
import ftplib, io, ssl, sys
port, secure, passive = int(sys.argv[1]), sys.argv[2] == 'tls', sys.argv[3] == 'passive'
context = ssl.create_default_context(); context.check_hostname = False; context.verify_mode = ssl.CERT_NONE
ftp = ftplib.FTP_TLS(context=context) if secure else ftplib.FTP()
assert ftp.connect('127.0.0.1', port, timeout=20).startswith('220')
assert ftp.getwelcome() == ftp.welcome
if secure:
    assert ftp.auth().startswith('234')
assert ftp.login('u', 'p', 'an account').startswith('230')
if secure:
    assert ftp.prot_p().startswith('200'); assert ftp.prot_c().startswith('200'); assert ftp.prot_p().startswith('200')
ftp.set_pasv(passive)
body = bytes(range(256)) * 2000
assert ftp.mkd('/new') == '/new'
ftp.cwd('/new'); assert ftp.pwd() == '/new'
sent = []
assert ftp.storbinary('STOR a', io.BytesIO(body), blocksize=1000, callback=sent.append).startswith('226')
assert b''.join(sent) == body
assert ftp.storbinary('STOR a', io.BytesIO(body[1000:]), rest=1000).startswith('226')
ftp.voidcmd('TYPE I'); assert ftp.size('a') == len(body)
got = []; ftp.retrbinary('RETR a', got.append, rest=5); assert b''.join(got) == body[5:]
ftp.storlines('STOR lines', io.BytesIO(b'one\\ntwo\\n'))
lines = []; ftp.retrlines('RETR lines', lines.append); assert lines == ['one', 'two'], lines
assert ftp.storbinary('APPE a', io.BytesIO(b'more')).startswith('226')
assert ftp.storbinary('STOU x', io.BytesIO(b'unique')).startswith('226')
names = ftp.nlst(); unique = [name for name in names if name.startswith('x.')][0]
assert sorted(names) == ['a', 'lines', unique], names
listed = []; ftp.dir(listed.append); assert len(listed) == 3
ftp.dir('a', listed.append); assert listed[3].endswith(' a')
facts = dict(ftp.mlsd(facts=['type', 'size']))
assert facts['a'] == {'type': 'file', 'size': str(len(body) + 4)}, facts
ftp.voidcmd('TYPE I')
connection, size = ftp.ntransfercmd('RETR a'); assert size == len(body) + 4, size
if secure:
    while connection.recv(65536): pass
    connection.unwrap()
else:
    while connection.recv(65536): pass
connection.close(); assert ftp.voidresp().startswith('226')
connection = ftp.transfercmd('RETR a', rest=10); connection.close()
assert ftp.getmultiline()[:3] in ('426', '226')
assert ftp.abort()[:3] in ('225', '226')
ftp.rename('a', 'b'); ftp.delete('b'); ftp.delete('lines'); ftp.delete(unique); ftp.cwd('..'); ftp.rmd('new')
assert ftp.sendcmd('NOOP').startswith('200')
for line, code in [('RETR none', '550'), ('CWD none', '550')]:
    try:
        ftp.voidcmd(line) if line.startswith('CWD') else ftp.transfercmd(line); assert False
    except ftplib.error_perm as error:
        assert str(error).startswith(code)
if secure:
    assert ftp.ccc().startswith('200'); assert ftp.pwd() == '/'
print(ftp.quit())
with ftplib.FTP(timeout=20) as other:
    other.connect('127.0.0.1', port)
    try:
        other.login('u', 'wrong'); assert False
    except ftplib.error_perm as error:
        assert str(error).startswith('530')
`;

describe.runIf(have('python3'))("Python's ftplib", () => {
  test.each([
    ['plain', 'passive'],
    ['plain', 'active'],
    ['tls', 'passive'],
    ['tls', 'active'],
  ])('every method, %s, %s', async (protection, mode) => {
    const served = await serve({ tls: { ...tlsFiles(), allowClear: true } });
    const said = await run('python3', ['-c', everyMethod, String(served.port), protection, mode]);
    expect(said).toMatch(/^221/);
  });
});

describe.runIf(have('curl'))('curl', () => {
  const curl = (...parameters: string[]) => run('curl', ['-sS', ...parameters]);
  const urlOf = ({ host, port }: Served, scheme = 'ftp') => `${scheme}://u:p@${host}:${port}`;

  test('sends, resumes, appends, reads parts, lists, makes folders, renames, in passive and active mode', async () => {
    const served = await serve();
    const url = urlOf(served);
    const file = join(folder(), 'file');
    const there = join(served.root, 'deep/er/file');
    writeFileSync(file, body);
    await curl('--ftp-create-dirs', '-T', file, `${url}/deep/er/file`);
    expect(readFileSync(there).equals(body)).toBe(true);
    truncateSync(there, 1000);
    await curl('-C', '-', '-T', file, `${url}/deep/er/file`);
    expect(readFileSync(there).equals(body)).toBe(true);
    await curl('-P', '-', '-o', `${file}.back`, `${url}/deep/er/file`);
    expect(readFileSync(`${file}.back`).equals(body)).toBe(true);
    truncateSync(`${file}.back`, 99_999);
    await curl('-C', '-', '-o', `${file}.back`, `${url}/deep/er/file`);
    expect(readFileSync(`${file}.back`).equals(body)).toBe(true);
    await curl('-r', '10-19', '-o', `${file}.part`, `${url}/deep/er/file`);
    expect(readFileSync(`${file}.part`).equals(body.subarray(10, 20))).toBe(true);
    await curl('-a', '-T', `${file}.part`, `${url}/deep/er/file`);
    expect(statSync(there).size).toBe(body.length + 10);
    expect(await curl('--list-only', `${url}/deep/`)).toBe('er\n');
    expect(await curl('-X', 'MLSD', `${url}/deep/er/`)).toMatch(/^type=file;size=300010;.* file\r?\n$/);
    await curl('-Q', 'RNFR deep/er/file', '-Q', 'RNTO moved', `${url}/`);
    expect(await curl('-I', `${url}/moved`)).toContain('Content-Length: 300010');
    await expect(curl(`${url}/none`)).rejects.toThrow(/curl: \((?:9|19|78)\)/);
    await expect(curl('-u', 'u:wrong', `ftp://${served.host}:${served.port}/`)).rejects.toThrow(/curl: \(67\)/);
  });

  test.each([
    ['one folder at a time', ['--ftp-method', 'multicwd']],
    ['one CWD', ['--ftp-method', 'singlecwd']],
    ['no CWD', ['--ftp-method', 'nocwd']],
    ['PASV', ['--disable-epsv']],
    ['PORT', ['-P', '-', '--disable-eprt']],
    ['lines converted', ['--use-ascii']],
  ])('gets and puts a file with %s', async (_, how) => {
    const served = await serve();
    const file = join(folder(), 'file');
    writeFileSync(file, 'one\ntwo\n');
    // curl makes folders only where it enters them one by one.
    plant(served.root, { 'a b/c': null });
    await curl(...how, '-T', file, `${urlOf(served)}/a%20b/c/file`);
    expect(readFileSync(join(served.root, 'a b/c/file'), 'utf8')).toBe('one\ntwo\n');
    expect((await curl(...how, `${urlOf(served)}/a%20b/c/file`)).replaceAll('\r\n', '\n')).toBe('one\ntwo\n');
  });

  test.each([
    ['explicit TLS', 'ftp', {}, []],
    ['implicit TLS', 'ftps', { implicit: true }, []],
    ['TLS given up for commands', 'ftp', { allowClear: true }, ['--ftp-ssl-ccc']],
  ])('over %s', async (_, scheme, tls, how) => {
    const served = await serve({ tls: { ...tlsFiles(), ...tls } });
    const file = join(folder(), 'file');
    writeFileSync(file, body);
    await curl('--ssl-reqd', '-k', ...how, '-T', file, `${urlOf(served, scheme)}/file`);
    await curl('--ssl-reqd', '-k', ...how, '-o', `${file}.back`, `${urlOf(served, scheme)}/file`);
    expect(readFileSync(`${file}.back`).equals(body)).toBe(true);
  });
});

describe.runIf(have('lftp'))('lftp', () => {
  const lftp = (served: Served, commands: string, settings = '') =>
    run('lftp', [
      '-c',
      `set cmd:fail-exit true; set net:max-retries 1; set net:timeout 20; set ftp:ssl-allow no; ${settings}
       open -u u,p -p ${served.port} ftp://127.0.0.1; ${commands}`,
    ]);

  test.each([
    ['passive', {}, ''],
    ['active', {}, 'set ftp:passive-mode no;'],
    ['over TLS', secured(), 'set ftp:ssl-allow yes; set ftp:ssl-force yes; set ssl:verify-certificate no;'],
    ['by PASV and LIST', { withoutFeatures: ['MLSD', 'EPSV'] }, 'set ftp:prefer-epsv no;'],
  ])('mirrors a tree both ways, %s, and then finds nothing to do', async (_, options, settings) => {
    const served = await serve(options);
    const [from, back] = [folder(), folder()];
    plant(from, tree);
    for (const name of ['plain.txt', 'many/7.txt']) utimesSync(join(from, name), 1_600_000_000, 1_600_000_000);
    await lftp(served, `mirror -R --parallel=4 ${from} /`, settings);
    expect(grown(served.root)).toEqual(tree);
    expect(Math.round(statSync(join(served.root, 'many/7.txt')).mtimeMs / 1000)).toBe(1_600_000_000);
    await lftp(served, `mirror --parallel=4 / ${back}`, settings);
    expect(grown(back)).toEqual(tree);
    // lftp says that it would make the root itself, whatever is there.
    expect(await lftp(served, `mirror -R --delete --dry-run ${from} /`, settings)).toMatch(/^(?:mkdir -p \S+%2F\n)?$/);
    expect(await lftp(served, `mirror --delete --dry-run / ${back}`, settings)).toBe('');
  });

  test('resumes, fetches in pieces, renames, deletes by pattern, changes modes, measures', async () => {
    const served = await serve();
    const here = folder();
    writeFileSync(join(here, 'file'), body);
    plant(served.root, { file: body.subarray(0, 100_000).toString('latin1'), 'x1.tmp': '', 'x2.tmp': '', keep: '' });
    await lftp(
      served,
      `lcd ${here}; put -c file; get -O ${here} file -o back; pget -n 3 file -o pieces; chmod 600 file; mv file moved`,
    );
    expect(readFileSync(join(here, 'back')).equals(body)).toBe(true);
    expect(readFileSync(join(here, 'pieces')).equals(body)).toBe(true);
    expect(statSync(join(served.root, 'moved')).mode & 0o777).toBe(0o600);
    await lftp(served, 'glob rm *.tmp; mkdir -p a/b/c; rm -r a');
    expect(Object.keys(grown(served.root)).sort()).toEqual(['keep', 'moved']);
    expect(await lftp(served, 'du -bs; find; cls -1 --sort=name; cat keep; quote STAT; site HELP')).toMatch(/300000/);
  });

  test('deletes with a mirror what is gone', async () => {
    const served = await serve();
    plant(served.root, tree);
    const here = folder();
    plant(here, { 'plain.txt': 'plain' });
    await lftp(served, `mirror -R --delete ${here} /`);
    expect(grown(served.root)).toEqual({ 'plain.txt': 'plain' });
  });
});

describe.runIf(have('ncftpput', 'ncftpget', 'ncftpls'))('ncftp', () => {
  const login = ({ port }: Served) => ['-u', 'u', '-p', 'p', '-P', String(port)];

  test.each([
    ['passive', '-F'],
    ['active', '-E'],
  ])('carries a tree both ways, %s, and lists it', async (_, mode) => {
    const served = await serve();
    const [from, back] = [folder(), folder()];
    plant(join(from, 'tree'), { ...tame, 'odd & [x]/ü.txt': 'odd' });
    await run('ncftpput', [...login(served), mode, '-R', '-m', '127.0.0.1', '/in/to', join(from, 'tree')]);
    expect(grown(join(served.root, 'in/to/tree'))).toEqual(grown(join(from, 'tree')));
    await run('ncftpget', [...login(served), mode, '-R', '127.0.0.1', back, '/in/to/tree']);
    expect(grown(join(back, 'tree'))).toEqual(grown(join(from, 'tree')));
    const listed = await run('ncftpls', [...login(served), mode, '-1', 'ftp://127.0.0.1/in/to/tree/']);
    expect(listed.trim().split('\n').sort()).toEqual([
      'a b',
      'all-bytes',
      'deep',
      'empty',
      'many',
      'odd & [x]',
      'plain.txt',
    ]);
    expect(await run('ncftpls', [...login(served), mode, '-l', 'ftp://127.0.0.1/in/to/tree/'])).toMatch(
      /300000 .*all-bytes/,
    );
  });

  // Downloads only: ncftpput 3.2.6 says REST, and then sends the file from its beginning.
  test('resumes a download that broke off, and deletes what it has fetched', async () => {
    const served = await serve();
    const here = folder();
    writeFileSync(join(served.root, 'file'), body);
    writeFileSync(join(here, 'file'), body.subarray(0, 70_000));
    for (const file of [join(here, 'file'), join(served.root, 'file')]) utimesSync(file, 1_600_000_000, 1_600_000_000);
    const offsets: number[] = [];
    served.server.on('sent', ({ resumedFrom }) => void offsets.push(resumedFrom));
    await run('ncftpget', [...login(served), '-z', '-DD', '127.0.0.1', here, '/file']);
    expect(readFileSync(join(here, 'file')).equals(body)).toBe(true);
    expect(offsets).toEqual([70_000]);
    expect(existsSync(join(served.root, 'file'))).toBe(false);
  });
});

describe.runIf(have('wget'))('wget', () => {
  const wget = (...parameters: string[]) => run('wget', ['-q', '--tries=1', '--timeout=20', ...parameters]);
  const urlOf = ({ host, port }: Served, scheme = 'ftp') => `${scheme}://u:p@${host}:${port}`;

  test.each([
    ['passive', {}, [], 'ftp'],
    ['active', {}, ['--no-passive-ftp'], 'ftp'],
    ['over TLS', secured(), ['--no-check-certificate'], 'ftps'],
    [
      'over implicit TLS',
      { tls: { ...tlsFiles(), implicit: true } },
      ['--no-check-certificate', '--ftps-implicit'],
      'ftps',
    ],
    ['as from IIS', { listDialect: 'dos' }, [], 'ftp'],
  ] as const)('mirrors a tree, %s', async (_, options, how, scheme) => {
    const served = await serve(options);
    plant(served.root, tame);
    const into = folder();
    await wget('-m', '-nH', '--no-remove-listing', ...how, '-P', into, `${urlOf(served, scheme)}/`);
    const got = Object.fromEntries(Object.entries(grown(into)).filter(([path]) => !path.endsWith('.listing')));
    expect(got).toEqual(tame);
  });

  test('resumes, and takes what matches a pattern', async () => {
    const served = await serve();
    plant(served.root, { file: body.toString('latin1'), 'a.txt': 'a', 'b.txt': 'b', 'c.log': 'c' });
    const into = folder();
    writeFileSync(join(into, 'file'), body.subarray(0, 100_000));
    await wget('-c', '-P', into, `${urlOf(served)}/file`);
    expect(readFileSync(join(into, 'file')).equals(body)).toBe(true);
    await wget('-P', into, `${urlOf(served)}/*.txt`);
    expect(Object.keys(grown(into)).sort()).toEqual(['a.txt', 'b.txt', 'file']);
  });
});

describe.runIf(have('rclone'))('rclone', () => {
  let obscured: Promise<string> | undefined;
  const rclone = async (served: Served, ...parameters: string[]) => {
    obscured ??= run('rclone', ['obscure', 'p']);
    const password = (await obscured).trim();
    const server = [
      '--ftp-host',
      '127.0.0.1',
      '--ftp-port',
      String(served.port),
      '--ftp-user',
      'u',
      '--ftp-pass',
      password,
    ];
    return await run('rclone', ['--config', '/dev/null', '--retries', '1', ...server, ...parameters]);
  };

  test.each([
    ['plain', {}, []],
    ['over TLS', secured(), ['--ftp-explicit-tls', '--ftp-no-check-certificate']],
    ['without MLSD', { withoutFeatures: ['MLSD'] }, []],
  ] as const)('synchronises a tree both ways, %s', async (_, options, how) => {
    const served = await serve(options);
    const [from, back] = [folder(), folder()];
    plant(from, { ...tree, 'odd/-dash': 'dash' });
    await rclone(served, ...how, 'sync', '--create-empty-src-dirs', from, ':ftp:');
    expect(grown(served.root)).toEqual(tree);
    await rclone(served, ...how, 'sync', '--create-empty-src-dirs', ':ftp:', back);
    expect(grown(back)).toEqual(tree);
    if (how.length === 0) await rclone(served, 'check', '--download', from, ':ftp:');
    plant(from, { 'plain.txt': 'changed', 'new/file': 'new' });
    await rclone(served, ...how, 'sync', from, ':ftp:');
    expect(readFileSync(join(served.root, 'plain.txt'), 'utf8')).toBe('changed');
  });

  test('reads, moves, deletes, and keeps modification times', async () => {
    const served = await serve();
    const here = folder();
    plant(here, { file: 'bytes' });
    utimesSync(join(here, 'file'), 1_500_000_000, 1_500_000_000);
    chmodSync(join(here, 'file'), 0o644);
    await rclone(served, 'copy', here, ':ftp:a/b');
    expect(Math.round(statSync(join(served.root, 'a/b/file')).mtimeMs)).toBe(1_500_000_000_000);
    expect(await rclone(served, 'cat', ':ftp:a/b/file')).toBe('bytes');
    await rclone(served, 'moveto', ':ftp:a/b/file', ':ftp:c/d');
    expect(grown(served.root)).toEqual({ 'a/b': null, 'c/d': 'bytes' });
    expect(await rclone(served, 'lsf', '-R', '--format', 'ps', ':ftp:')).toContain('c/d;5');
    await rclone(served, 'deletefile', ':ftp:c/d');
    await rclone(served, 'rmdirs', '--leave-root', ':ftp:');
    expect(grown(served.root)).toEqual({});
  });
});
