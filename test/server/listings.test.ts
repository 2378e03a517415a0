import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Client } from 'basic-ftp';
import { describe, expect, test } from 'vitest';
import { disk, type ServerOptions } from '../../src/server/index.ts';
import { Raw, type Served, serve } from './raw.ts';

const recent = new Date(Date.now() - 5 * 86_400_000);
const old = new Date('2021-03-04T05:06:07.089Z');

async function withFiles(options: ServerOptions = {}): Promise<{ served: Served; client: Raw }> {
  const served = await serve(options);
  const at = (name: string) => join(served.root, name);
  mkdirSync(at('folder/below'), { recursive: true });
  writeFileSync(at('a file'), '12345');
  writeFileSync(at('folder/inner.txt'), 'x');
  writeFileSync(at('.dot'), '');
  symlinkSync('a file', at('link'));
  chmodSync(at('a file'), 0o640);
  utimesSync(at('a file'), old, new Date(old.getTime()));
  utimesSync(at('.dot'), recent, recent);
  return { served, client: await Raw.login(served) };
}

describe('MLSD', () => {
  test('tells type, size, time to the millisecond, rights, identity and mode', async () => {
    const { served, client } = await withFiles();
    const { dev, ino } = statSync(join(served.root, 'a file'));
    const lines = await client.lines('MLSD');
    expect(lines).toHaveLength(4);
    const unique = `unique=${dev.toString(16)}g${ino.toString(16)};`;
    expect(lines).toContain(`type=file;size=5;modify=20210304050607.089;perm=adfrw;${unique}UNIX.mode=0640; a file`);
    expect(lines.find((line) => line.endsWith(' folder'))).toMatch(/^type=dir;modify=\d{14}\.\d{3};perm=cdeflmp;/);
    expect(lines.find((line) => line.endsWith(' link'))).toMatch(/^type=OS.unix=slink:a file;/);
    expect((await client.fetch('MLSD a file')).reply).toMatch(/^501/);
    expect((await client.fetch('MLSD none')).reply).toMatch(/^550/);
  });

  test('tells the facts that OPTS MLST chose, and MLST too', async () => {
    const { client } = await withFiles();
    expect(await client.say('OPTS MLST Size;what;type;')).toBe('200 MLST OPTS type;size;');
    expect(await client.lines('MLSD')).toContain('type=file;size=5; a file');
    expect(await client.say('MLST a file')).toBe('250-Listing /a file\n type=file;size=5; /a file\n250 End');
    expect(await client.say('FEAT')).toContain('MLST type*;size*;modify;perm;unique;UNIX.mode;\n');
    expect(await client.say('MLST')).toContain('\n type=dir; /\n');
  });

  test('follows links where that is wanted, and leaves out those that lead nowhere', async () => {
    const { served, client } = await withFiles({ links: 'follow' });
    symlinkSync('/etc', join(served.root, 'outside'));
    symlinkSync('none', join(served.root, 'dangling'));
    const lines = await client.lines('MLSD');
    expect(lines.find((line) => line.endsWith(' link'))).toMatch(/^type=file;size=5;/);
    expect(lines.filter((line) => /outside|dangling/.test(line))).toEqual([]);
  });

  test('says nothing about what lies outside the home', async () => {
    const { served, client } = await withFiles();
    symlinkSync('/etc/passwd', join(served.root, 'outside'));
    expect((await client.lines('MLSD')).find((line) => line.endsWith(' outside'))).toMatch(/^type=OS.unix=symlink;/);
    expect((await client.lines('LIST')).filter((line) => line.includes('passwd'))).toEqual([]);
  });

  test('of a folder with many files is complete', async () => {
    const served = await serve();
    for (let count = 0; count < 1000; count++) writeFileSync(join(served.root, `file ${count}`), '');
    expect(await (await Raw.login(served)).lines('MLSD')).toHaveLength(1000);
  });
});

describe('LIST', () => {
  test('as Unix prints it', async () => {
    const { client } = await withFiles();
    const lines = await client.lines('LIST');
    expect(lines.find((line) => line.endsWith(' a file'))).toMatch(
      /^-rw-r----- +1 \d+ +\d+ + 5 Mar {2}4 {2}2021 a file$/,
    );
    expect(lines.find((line) => line.endsWith('.dot'))).toMatch(/ [A-Z][a-z]{2} [ \d]\d \d\d:\d\d \.dot$/);
    expect(lines.find((line) => line.includes(' link'))).toMatch(/^lrwxrwxrwx .* link -> a file$/);
    expect(lines.find((line) => line.endsWith(' folder'))).toMatch(/^drwx/);
  });

  test('as IIS prints it', async () => {
    const { client } = await withFiles({ listDialect: 'dos' });
    const lines = await client.lines('LIST');
    expect(lines).toContain('03-04-21  05:06AM                    5 a file');
    expect(lines.find((line) => line.endsWith(' folder'))).toMatch(
      /^\d\d-\d\d-\d\d {2}\d\d:\d\d[AP]M {7}<DIR> {10}folder$/,
    );
    expect(await client.say('SYST')).toBe('215 Windows_NT');
  });

  test('in another zone, from a clock that is off', async () => {
    const { client } = await withFiles({ listZone: 90, clockOffset: 3_600_000, listDialect: 'dos' });
    expect(await client.lines('LIST')).toContain('03-04-21  07:36AM                    5 a file');
    expect(await client.say('MDTM a file')).toBe('213 20210304060607.089');
    await client.say('MFMT 20220101000000.000 a file');
    expect(await client.say('MDTM a file')).toBe('213 20220101000000.000');
  });

  test('with flags, of paths, of one file, of a pattern', async () => {
    const { client } = await withFiles();
    const names = async (command: string) => (await client.lines(command)).map((line) => line.slice(59));
    expect(await names('LIST -la folder')).toEqual(['below', 'inner.txt']);
    expect(await names('LIST -a -l folder/')).toEqual(['below', 'inner.txt']);
    expect(await names('LIST folder/inner.txt')).toEqual(['inner.txt']);
    expect(await names('LIST folder/*.txt')).toEqual(['inner.txt']);
    expect(await names('LIST [a-b]*')).toEqual(['a file']);
    expect((await client.fetch('LIST none')).reply).toMatch(/^550/);
    expect((await client.fetch('LIST none/*')).reply).toMatch(/^550/);
  });

  test('with -R goes all the way down, without following links', async () => {
    const { served, client } = await withFiles();
    symlinkSync('..', join(served.root, 'folder/up'));
    const lines = await client.lines('LIST -R');
    expect(lines.filter((line) => line.endsWith(':'))).toEqual(['.:', './folder:', './folder/below:']);
    expect(lines.filter((line) => line.includes('inner.txt'))).toHaveLength(1);
  });

  test('hides names with a dot until -a asks for them, where that is set', async () => {
    const { client } = await withFiles({ dotFiles: 'with -a' });
    expect(await client.lines('NLST')).toEqual(['a file', 'folder', 'link']);
    expect(await client.lines('NLST -a')).toContain('.dot');
    expect(await client.lines('LIST -la')).toHaveLength(4);
    expect(await client.lines('MLSD')).toHaveLength(4);
  });
});

test('a folder that cannot be read is refused before any data', async () => {
  const readdir = () => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' }));
  const served = await serve({ fileSystem: { ...disk, readdir } });
  const client = await Raw.login(served);
  for (const command of ['MLSD', 'LIST', 'NLST', 'LIST -R']) {
    expect((await client.fetch(command)).reply, command).toBe('550 Permission denied.');
  }
  expect(await client.say('STAT /')).toBe('550 Permission denied.');
});

test('NLST names can be used as they are in what follows', async () => {
  const { client } = await withFiles();
  expect(await client.lines('NLST folder')).toEqual(['folder/below', 'folder/inner.txt']);
  expect(await client.lines('NLST folder/*.txt')).toEqual(['folder/inner.txt']);
  expect(await client.lines('NLST folder/inner.txt')).toEqual(['folder/inner.txt']);
  expect(await client.lines('NLST /')).toContain('/a file');
});

describe('facts', () => {
  test('MFMT sets the time to the millisecond, whatever the fraction', async () => {
    const { served, client } = await withFiles();
    for (let count = 0; count < 50; count++) {
      const time = `202001020304${String(count).padStart(2, '0')}.${String(count * 19 + 1).padStart(3, '0')}`;
      expect(await client.say(`MFMT ${time} a file`)).toBe(`213 Modify=${time}; a file`);
      expect(await client.say('MDTM a file')).toBe(`213 ${time}`);
      const onDisk = Math.floor(statSync(join(served.root, 'a file')).mtimeMs);
      expect(onDisk % 1000).toBe(count * 19 + 1);
    }
    expect(await client.say('MFMT 20200102030405 a file')).toBe('213 Modify=20200102030405; a file');
    expect(statSync(join(served.root, 'a file')).mtime.toISOString()).toBe('2020-01-02T03:04:05.000Z');
    expect(await client.say('MFMT 20200102030405 none')).toMatch(/^550/);
  });

  test('MDTM, MFF and SITE UTIME set it too, SITE CHMOD and MFF the mode', async () => {
    const { served, client } = await withFiles();
    const stats = () => lstatSync(join(served.root, 'a file'));
    expect(await client.say('MDTM 20200101000000 a file')).toMatch(/^213/);
    expect(stats().mtime.toISOString()).toBe('2020-01-01T00:00:00.000Z');
    expect(await client.say('SITE UTIME 20200202000000 a file')).toMatch(/^200/);
    expect(stats().mtime.toISOString()).toBe('2020-02-02T00:00:00.000Z');
    expect(await client.say('SITE UTIME a file 20200303000000 20200303000001 20200303000002 UTC')).toMatch(/^200/);
    expect(stats().mtime.toISOString()).toBe('2020-03-03T00:00:01.000Z');
    expect(await client.say('MFF modify=20200404000000;UNIX.mode=0604; a file')).toMatch(/^213/);
    expect(stats().mtime.toISOString()).toBe('2020-04-04T00:00:00.000Z');
    expect(stats().mode & 0o777).toBe(0o604);
    expect(await client.say('SITE CHMOD 0755 a file')).toMatch(/^200/);
    expect(stats().mode & 0o777).toBe(0o755);
    expect(await client.say('MFF modify=20200505000000;what=1; a file')).toMatch(/^504/);
    expect(await client.say('SITE CHMOD 999 a file')).toMatch(/^501/);
    expect(stats().mtime.toISOString()).toBe('2020-04-04T00:00:00.000Z');
  });

  test('a file whose name looks like a time to set is looked at, not set', async () => {
    const { served, client } = await withFiles();
    const name = '20200101000000 a file';
    writeFileSync(join(served.root, name), '');
    utimesSync(join(served.root, name), old, old);
    expect(await client.say(`MDTM ${name}`)).toBe('213 20210304050607.089');
    expect(readFileSync(join(served.root, 'a file'), 'utf8')).toBe('12345');
  });
});

describe('an old server', () => {
  test('knows none of what it shall not know', async () => {
    const withoutFeatures = [
      'MLSD',
      'MFMT',
      'MFF',
      'MDTM SET',
      'SITE UTIME',
      'HASH',
      'UTF8',
      'REST STREAM',
      'XCRC',
      'EPSV',
    ];
    const { client } = await withFiles({ withoutFeatures });
    const features = await client.say('FEAT');
    for (const name of withoutFeatures) expect(features).not.toContain(name);
    expect(features).not.toContain('MLST');
    for (const command of ['MLSD', 'MLST', 'MFMT 20200101000000 a file', 'HASH a file', 'EPSV', 'XCRC a file']) {
      expect(await client.say(command), command).toMatch(/^500/);
    }
    expect(await client.say('REST 1')).toMatch(/^502/);
    expect(await client.say('OPTS UTF8 ON')).toMatch(/^501/);
    expect(await client.say('OPTS MLST type;')).toMatch(/^501/);
    expect(await client.say('SITE UTIME 20200101000000 a file')).toMatch(/^504/);
    expect(await client.say('MDTM 20200101000000 a file')).toMatch(/^550/);
    expect(await client.say('HELP')).not.toContain('MLSD');
  });

  test('without FEAT, or that renames over nothing, or tells whole seconds', async () => {
    const { client } = await withFiles({ withoutFeatures: ['FEAT'], noRenameOver: true, fractions: false });
    expect(await client.say('FEAT')).toMatch(/^500/);
    expect(await client.say('MDTM a file')).toBe('213 20210304050607');
    await client.say('RNFR a file');
    expect(await client.say('RNTO .dot')).toMatch(/^550 Already/);
  });
});

test('basic-ftp sends a folder, lists it and gets it back', async () => {
  const { served } = await withFiles();
  const client = new Client(5000);
  await client.access({ host: served.host, port: served.port, user: 'u', password: 'p' });
  await client.uploadFromDir(join(served.root, 'folder'), '/copy');
  const list = await client.list('/copy');
  expect(list.map(({ name, type, size }) => ({ name, type, size }))).toEqual([
    { name: 'below', type: 2, size: 0 },
    { name: 'inner.txt', type: 1, size: 1 },
  ]);
  await client.downloadToDir(join(served.root, 'back'), '/copy');
  expect(readFileSync(join(served.root, 'back/inner.txt'), 'utf8')).toBe('x');
  await client.removeDir('/copy');
  client.close();
});
