/** Listings and questions about paths, as they go over the wire: which command, and what is believed. */
import { describe, expect, test } from 'vitest';
import { connectFtp } from '../../src/ftp/remote.ts';
import { ReplyError, ROOT, toRelPath } from '../../src/model/index.ts';
import { type Answer, type Script, scripted, type Visit } from './scripted.ts';

const p = toRelPath;

/** Sends a listing the way most servers do. */
const listing =
  (text: string, reply = '226 done'): Answer =>
  async (visit: Visit) => {
    visit.send('150 here it comes');
    (await visit.data()).end(text);
    visit.send(reply);
  };

const CLASSIC: Script = { FEAT: '502 what', MDTM: '502 what', SIZE: '502 what' };

async function open(script: Script, changes = {}) {
  const server = await scripted(script);
  const remote = connectFtp(server.options(changes));
  await remote.open();
  return {
    server,
    remote,
    async [Symbol.asyncDispose]() {
      await remote.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe('listings', () => {
  test('the directory is entered in the same flight', async () => {
    await using at = await open({ CWD: '250 ok' });
    await at.remote.list(ROOT);
    const found = await at.remote.list(p('a b'));
    expect(found.entries.map(({ path }) => path)).toEqual(['a b/a']);
    expect(at.server.visits[0]!.flights.at(-1)).toBe('CWD /a b\r\nEPSV\r\nMLSD\r\n');
  });

  test('a directory that cannot be entered is refused, though its listing comes with 226', async () => {
    const CWD: Answer = (visit) => visit.send(visit.argument === '/' ? '250 ok' : '550 no such directory');
    await using at = await open({ CWD });
    await expect(at.remote.list(p('gone'))).rejects.toMatchObject({ command: 'CWD /gone', reply: 550 });
    // The first transfer waits for its connection anyway: by then the answer is there.
    expect(at.server.commands.at(-1)).toBe('EPSV');
    await at.remote.list(ROOT);
    await expect(at.remote.list(p('gone'))).rejects.toMatchObject({ command: 'CWD /gone', reply: 550 });
    // The session is in step.
    await expect(at.remote.list(p('gone'))).rejects.toThrow(ReplyError);
    expect(at.server.visits).toHaveLength(1);
  });

  test.each([
    ['cut within a line', listing('type=file;size=1; a\r\ntype=fi')],
    ['ended with 426', listing('type=file;size=1; a\r\n', '426 cut off')],
    ['ended with 451', listing('type=file;size=1; a\r\n', '451 local error')],
    ['said to be truncated', listing('type=file;size=1; a\r\n', '226 output truncated to 1 line')],
  ])('%s: what was seen counts, the rest is unknown', async (_name, MLSD) => {
    await using at = await open({ MLSD });
    const found = await at.remote.list(ROOT);
    expect(found.entries.map(({ path }) => path)).toEqual(['a']);
    expect(found.incomplete).toBeTypeOf('string');
  });

  test('one without end is given up where it is longer than allowed, once, and the connection lives', async () => {
    const MLSD: Answer = async (visit) => {
      visit.send('150 here');
      const data = await visit.data();
      let line = 0;
      const more = () => {
        const lines = Array.from({ length: 100 }, () => `type=file;size=1; ${(line += 1)}\r\n`);
        if (!data.destroyed) data.write(lines.join(''), more);
      };
      data.on('close', () => visit.send('426 broken'));
      more();
    };
    await using at = await open({ MLSD, MLST: '550 none' }, { longestListing: 100_000 });
    const found = await at.remote.list(ROOT);
    expect(found.incomplete).toContain('longer than 100000 bytes');
    expect(found.entries.length).toBeGreaterThan(1000);
    expect(at.server.commands.filter((command) => command === 'MLSD')).toHaveLength(1);
    const lane = await at.remote.lane();
    expect(await lane.find(p('x'))).toBeNull();
    expect(at.server.visits).toHaveLength(1);
    lane.release();
  });

  test('reset in the middle, once: it is asked again', async () => {
    let times = 0;
    const MLSD: Answer = async (visit) => {
      visit.send('150 here');
      const data = await visit.data();
      data.write('type=file;size=1; a\r\n');
      await new Promise((resolve) => setTimeout(resolve, 20));
      times += 1;
      if (times === 1) data.resetAndDestroy();
      else data.end('type=file;size=1; b\r\n');
      visit.send('226 done');
    };
    await using at = await open({ MLSD });
    const found = await at.remote.list(ROOT);
    expect(found.entries).toHaveLength(2);
    expect(found.incomplete).toBeUndefined();
  });

  test('the control connection lost in the middle, once: another one is asked', async () => {
    let times = 0;
    const MLSD: Answer = async (visit) => {
      visit.send('150 here');
      const data = await visit.data();
      times += 1;
      if (times === 1) return visit.socket.destroy();
      data.end('type=file;size=1; b\r\n');
      return visit.send('226 done');
    };
    await using at = await open({ MLSD });
    expect((await at.remote.list(ROOT)).entries).toHaveLength(1);
    expect(at.server.visits).toHaveLength(2);
  });

  test('MLSD announced and not there: LIST, and MLSD is not tried again', async () => {
    const LIST = listing('-rw-r--r-- 1 u g 5 Jan  1 2020 a\r\n');
    await using at = await open({ MLSD: '500 what', LIST, MDTM: '502 what' });
    expect((await at.remote.list(ROOT)).entries).toHaveLength(1);
    await at.remote.list(ROOT);
    expect(at.server.commands.filter((line) => line === 'MLSD')).toHaveLength(1);
    expect(at.remote.capabilities.mlsd).toBe(false);
  });

  const unix = '-rw-r--r-- 1 u g 5 Jan  1 2020 a\r\n';
  test.each<[string, Answer, string[]]>([
    ['LIST -a shows something', listing(unix), ['LIST -a', 'LIST -a']],
    [
      'LIST -a is refused',
      (v) => (v.argument ? v.send('501 no options') : (listing(unix) as (v: Visit) => unknown)(v)),
      ['LIST -a', 'LIST', 'LIST'],
    ],
    [
      '-a is taken for a name',
      (v) => (listing(v.argument ? '' : unix) as (v: Visit) => unknown)(v),
      ['LIST -a', 'LIST', 'LIST'],
    ],
    ['the directory is empty', listing(''), ['LIST -a', 'LIST', 'LIST -a', 'LIST']],
  ])('%s', async (_name, LIST, expected) => {
    await using at = await open({ ...CLASSIC, LIST });
    await at.remote.list(ROOT);
    await at.remote.list(ROOT);
    expect(at.server.commands.filter((line) => line.startsWith('LIST'))).toEqual(expected);
  });

  describe('hidden names are not lost', () => {
    const hidden = '-rw-r--r-- 1 u g 5 Jan  1 2020 .hidden\r\n';
    /** As vsftpd: hidden names by `-a` only. `first` answers the first ones of these. */
    const asked = async (...first: Answer[]) => {
      const LIST: Answer = (visit) => {
        const answer = (visit.argument && first.shift()) || listing(visit.argument ? hidden + unix : unix);
        return typeof answer === 'function' ? answer(visit) : visit.send(answer as string);
      };
      await using at = await open({ ...CLASSIC, LIST });
      const lists = [await at.remote.list(ROOT).catch((error) => error), await at.remote.list(ROOT)];
      return lists.map(({ entries, incomplete }) => [entries?.map(nameOfEntry), incomplete !== undefined]);
    };
    const nameOfEntry = ({ path }: { path: string }) => path;
    const whole = [['.hidden', 'a'], false];

    test.each(['425 no data connection', '426 broken', '451 try again', '450 busy'])(
      'because LIST -a is refused once: %s',
      async (refusal) => expect(await asked(refusal)).toEqual([whole, whole]),
    );

    test('because it breaks off before its first byte', async () => {
      const broken = listing('', '451 local error');
      expect(await asked(broken)).toEqual([whole, whole]);
      expect(await asked(broken, broken)).toEqual([[[], true], whole]);
    });

    test('because -a is refused for good: then LIST shows what it does', async () => {
      expect(await asked('450 -a: not here', '450 -a: not here')).toEqual([
        [['a'], false],
        [['a'], false],
      ]);
    });
  });

  test.each([
    ['shows the file of that name', '-rw-r--r-- 1 u g 5 Jan  1 2020 -a\r\n'],
    ['shows a complaint', 'ls: -a: No such file or directory\r\n'],
  ])('a server that takes -a for a name %s: LIST is what counts', async (_, shown) => {
    const all = '-rw-r--r-- 1 u g 5 Jan  1 2020 -a\r\n-rw-r--r-- 1 u g 5 Jan  1 2020 b\r\n';
    await using at = await open({
      ...CLASSIC,
      LIST: (visit) => (listing(visit.argument ? shown : all) as (v: Visit) => unknown)(visit),
    });
    for (const turn of [1, 2]) {
      const found = await at.remote.list(ROOT);
      expect([turn, found.entries.map(({ path }) => path), found.incomplete]).toEqual([turn, ['-a', 'b'], undefined]);
    }
    expect(at.server.commands.filter((line) => line.startsWith('LIST'))).toEqual(['LIST -a', 'LIST', 'LIST']);
  });

  describe('a size that the listing does not tell is asked for', () => {
    const facts = 'type=file; a\r\ntype=file;size=0; b\r\ntype=dir; c\r\ntype=file;size=; d\r\n';
    // A counter of 32 bits.
    const classic = '-rw-r--r-- 1 u g -1294967296 Jan  1 2020 a\r\n-rw-r--r-- 1 u g 0 Jan  1 2020 b\r\n';
    const SIZE: Answer = (v) => v.send(v.argument === '/a' ? '213 3000000000' : '550 not a plain file');
    const sizes = async (script: Script) => {
      await using at = await open(script);
      const found = await at.remote.list(ROOT);
      const asked = at.server.commands.filter((line) => line.startsWith('SIZE'));
      const lane = await at.remote.lane();
      const { size } = await lane.inspect(p('a'));
      lane.release();
      return { sizes: found.entries.map((entry) => entry.size), asked, size };
    };
    const FEAT = ['211-F', ' MLST type*;size*;', ' SIZE', '211 E'];
    const MLST = ['250-Here', ' type=file; /a', '250 End'];

    test('in MLSD and MLST', async () => {
      expect(await sizes({ FEAT, MLSD: listing(facts), MLST, SIZE })).toEqual({
        sizes: [3_000_000_000, 0, null, null],
        asked: ['SIZE /a', 'SIZE /d'],
        size: 3_000_000_000,
      });
    });

    test('in LIST', async () => {
      expect(await sizes({ FEAT: '502 what', MDTM: '502 what', LIST: listing(classic), SIZE })).toEqual({
        sizes: [3_000_000_000, 0],
        asked: ['SIZE /a'],
        size: 3_000_000_000,
      });
    });

    test('and not told where there is no SIZE', async () => {
      const MLSD = listing(facts);
      expect(await sizes({ FEAT, MLSD, MLST, SIZE: '502 what' })).toMatchObject({
        sizes: [null, 0, null, null],
        size: null,
      });
    });
  });

  test('LIST refused in every form is refused', async () => {
    await using at = await open({ ...CLASSIC, LIST: '550 not allowed' });
    await expect(at.remote.list(ROOT)).rejects.toThrow(ReplyError);
  });

  test('the clock of LIST is measured against MDTM', async () => {
    const now = new Date();
    const shown = new Date(now.getTime() - 3_600_000 + 120 * 60_000).toUTCString();
    const [, d, m, , hm] = /, (\d+) (\w+) (\d+) (\d+:\d+)/.exec(shown)!;
    const exact = new Date(now.getTime() - 3_600_000);
    const stamp = exact.toISOString().slice(0, 19).replaceAll(/\D/g, '');
    const script: Script = {
      FEAT: ['211-F', ' MDTM', ' SIZE', '211 E'],
      LIST: listing(`-rw-r--r-- 1 u g 5 ${m} ${Number(d)} ${hm} a\r\n`),
      MDTM: `213 ${stamp}`,
    };
    await using at = await open(script);
    const [entry] = (await at.remote.list(ROOT)).entries;
    expect(at.remote.capabilities.listOffsetMinutes).toBe(120);
    expect(entry).toMatchObject({ zoned: true, mtime: Math.floor(exact.getTime() / 60_000) * 60_000 });
    expect((await at.remote.list(ROOT)).entries[0]).toMatchObject({ zoned: true, mtime: entry!.mtime });
  });
});

describe('sightings', () => {
  const SIZED: Script = { FEAT: ['211-F', ' SIZE', ' MDTM', '211 E'], MDTM: '213 20200101000000' };
  const facts = (name: string) => ['250-Listing', ` type=file;size=1;modify=20200101000000; ${name}`, '250 End'];

  test('questions travel together', async () => {
    await using at = await open({ MLST: (visit) => visit.send(...facts(visit.argument)) });
    const seen = await at.remote.sight(Array.from({ length: 20 }, (_, i) => p(`f${i}`)));
    expect(seen.every(({ found }) => found === 'present')).toBe(true);
    expect(at.server.visits[0]!.flights.at(-1)!.match(/MLST/g)).toHaveLength(20);
  });

  test.each<[string, Script, string]>([
    ['550, and the listing lacks it', { MLST: '550 no' }, 'absent'],
    ['550, but the listing has it', { MLST: '550 no', MLSD: listing('type=file;size=7; gone\r\n') }, 'present'],
    ['550, and the listing is cut', { MLST: '550 no', MLSD: listing('type=file;size=7; other') }, 'unknown'],
    ['550, and the listing ends with 426', { MLST: '550 no', MLSD: listing('', '426 cut') }, 'unknown'],
    ['550 to the listing as well', { MLST: '550 no', CWD: '550 no' }, 'unknown'],
    ['450 is no answer', { MLST: '450 busy' }, 'unknown'],
    [
      'SIZE 550, and the listing lacks it',
      { ...SIZED, SIZE: '550 no', MDTM: '550 no', LIST: listing('total 0\r\n') },
      'absent',
    ],
    [
      'SIZE 550, but it is a directory',
      { ...SIZED, SIZE: '550 no', MDTM: '550 no', LIST: listing('drwxr-xr-x 1 u g 5 Jan  1 2020 gone\r\n') },
      'present',
    ],
    ['SIZE 213', { ...SIZED, SIZE: '213 5' }, 'present'],
    [
      'neither SIZE nor MDTM, and the listing has it',
      { ...CLASSIC, LIST: listing('-rw-r--r-- 1 u g 5 Jan  1 2020 gone\r\n') },
      'present',
    ],
    ['neither SIZE nor MDTM, and the listing lacks it', { ...CLASSIC, LIST: listing('total 0\r\n') }, 'absent'],
  ])('%s: %s', async (_name, script, found) => {
    await using at = await open(script);
    const [seen] = await at.remote.sight([p('gone')]);
    expect(seen).toMatchObject({ path: 'gone', found });
  });

  test('a directory that is gone takes everything below with it, by one listing', async () => {
    const CWD: Answer = (visit) => visit.send(visit.argument === '/' ? '250 ok' : '550 no');
    await using at = await open({ MLST: '550 no', CWD });
    const seen = await at.remote.sight([p('x/y/one'), p('x/y/two'), p('x/three')]);
    expect(seen.map(({ found }) => found)).toEqual(['absent', 'absent', 'absent']);
    expect(at.server.commands.filter((line) => line === 'CWD /')).toHaveLength(1);
  });
});

test('what is asked about single files travels with the listings, and takes no connection from them', async () => {
  let letGo: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const LIST = async (visit: Visit) => {
    visit.send('150 here it comes');
    const data = await visit.data();
    if (visit.commands.includes('CWD /held')) await held;
    data.end('-rw-r--r-- 1 u g 1 Jan 01 2020 f\r\n');
    visit.send('226 done');
  };
  await using at = await open({
    FEAT: ['211-F', ' MDTM', ' SIZE', ' EPSV', '211 E'],
    LIST,
    SIZE: '213 1',
    MDTM: '213 20200101000000',
  });
  await at.remote.list(p('first'));
  const one = at.remote.list(p('held'));
  await expect.poll(() => at.server.commands.at(-1)).toBe('LIST -a');
  const asked = at.remote.sight([p('x')]);
  const two = at.remote.list(p('next'));
  letGo();
  expect(await asked).toMatchObject([{ found: 'present' }]);
  await Promise.all([one, two]);
  expect(at.server.visits[0]!.flights.at(-1)).toBe('SIZE /x\r\nMDTM /x\r\nCWD /next\r\nEPSV\r\nLIST -a\r\n');
});
