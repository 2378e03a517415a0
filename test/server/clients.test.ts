// Clients that are not ours.
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { folder, serve, tlsFiles } from './raw.ts';

const run = promisify(execFile);
const installed = (program: string) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;

// Every method of ftplib's FTP, in passive or active mode.
const everyMethod = `
import ftplib, io, ssl, sys
port, secure, passive = int(sys.argv[1]), sys.argv[2] == 'tls', sys.argv[3] == 'passive'
context = ssl.create_default_context(); context.check_hostname = False; context.verify_mode = ssl.CERT_NONE
ftp = ftplib.FTP_TLS(context=context) if secure else ftplib.FTP()
assert ftp.connect('127.0.0.1', port, timeout=10).startswith('220')
assert ftp.login('u', 'p').startswith('230')
if secure:
    ftp.prot_p()
ftp.set_pasv(passive)
body = bytes(range(256)) * 2000
assert ftp.mkd('/new') == '/new'
ftp.cwd('/new'); assert ftp.pwd() == '/new'
assert ftp.storbinary('STOR a', io.BytesIO(body)).startswith('226')
assert ftp.storbinary('STOR a', io.BytesIO(body[1000:]), rest=1000).startswith('226')
ftp.voidcmd('TYPE I'); assert ftp.size('a') == len(body)
got = []; ftp.retrbinary('RETR a', got.append, rest=5); assert b''.join(got) == body[5:]
ftp.storlines('STOR lines', io.BytesIO(b'one\\ntwo\\n'))
lines = []; ftp.retrlines('RETR lines', lines.append); assert lines == ['one', 'two'], lines
assert ftp.nlst() == ['a', 'lines']
listed = []; ftp.dir(listed.append); assert len(listed) == 2
assert [name for name, facts in ftp.mlsd(facts=['type', 'size'])] == ['a', 'lines']
ftp.rename('a', 'b'); ftp.delete('b'); ftp.delete('lines'); ftp.cwd('..'); ftp.rmd('new')
assert ftp.sendcmd('NOOP').startswith('200')
try:
    ftp.transfercmd('RETR none'); assert False
except ftplib.error_perm as error:
    assert str(error).startswith('550')
print(ftp.quit())
`;

describe.runIf(installed('python3'))("Python's ftplib", () => {
  test.each([
    ['plain', 'passive'],
    ['plain', 'active'],
    ['tls', 'passive'],
    ['tls', 'active'],
  ])('every method, %s, %s', async (protection, mode) => {
    const served = await serve({ tls: tlsFiles() });
    const { stdout } = await run('python3', ['-c', everyMethod, String(served.port), protection, mode]);
    expect(stdout).toMatch(/^221/);
  });
});

describe.runIf(installed('curl'))('curl', () => {
  const curl = (...parameters: string[]) => run('curl', ['-sS', ...parameters]);

  test('sends, resumes, lists, makes folders, renames, sets times, in passive and active mode', async () => {
    const served = await serve();
    const url = `ftp://u:p@${served.host}:${served.port}`;
    const file = join(folder(), 'file');
    const bytes = randomBytes(300_000);
    writeFileSync(file, bytes);
    await curl('--ftp-create-dirs', '-T', file, `${url}/deep/er/file`);
    expect(readFileSync(join(served.root, 'deep/er/file')).equals(bytes)).toBe(true);
    writeFileSync(join(served.root, 'deep/er/file'), bytes.subarray(0, 1000));
    await curl('-C', '-', '-T', file, `${url}/deep/er/file`);
    expect(readFileSync(join(served.root, 'deep/er/file')).equals(bytes)).toBe(true);
    await curl('-P', '-', '-o', `${file}.back`, `${url}/deep/er/file`);
    expect(readFileSync(`${file}.back`).equals(bytes)).toBe(true);
    await curl('-r', '10-19', '-o', `${file}.part`, `${url}/deep/er/file`);
    expect(readFileSync(`${file}.part`).equals(bytes.subarray(10, 20))).toBe(true);
    expect((await curl('--list-only', `${url}/deep/`)).stdout).toBe('er\n');
    await curl('-Q', 'RNFR deep/er/file', '-Q', 'RNTO moved', `${url}/`);
    expect((await curl('-I', `${url}/moved`)).stdout).toContain('Content-Length: 300000');
  });
});

describe.runIf(installed('wget'))('wget', () => {
  test('mirrors a tree', async () => {
    const served = await serve();
    mkdirSync(join(served.root, 'a/b'), { recursive: true });
    writeFileSync(join(served.root, 'a/b/file with spaces'), 'deep');
    const into = folder();
    const url = `ftp://u:p@${served.host}:${served.port}/`;
    await run('wget', ['-q', '-m', '-nH', '-P', into, url]);
    expect(readFileSync(join(into, 'a/b/file with spaces'), 'utf8')).toBe('deep');
  });
});
