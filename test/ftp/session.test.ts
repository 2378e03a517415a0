/** The control connection: flights, order, deadlines, and what a server can do to it. */
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { connectFtp } from '../../src/ftp/remote.ts';
import { LostError, NameError, ProtocolError, ReplyError, toRelPath } from '../../src/model/index.ts';
import { type Script, scripted } from './scripted.ts';

const p = toRelPath;
const text = (content: string) => ({
  async *chunks() {
    if (content !== '') yield Buffer.from(content);
  },
});

async function open(script: Script, changes = {}) {
  const server = await scripted(script);
  const remote = connectFtp(server.options(changes));
  await remote.open();
  const lane = await remote.lane();
  return {
    server,
    remote,
    lane,
    visit: server.visits[0]!,
    async [Symbol.asyncDispose]() {
      await remote.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const NO_MLST = ['211-Features', ' SIZE', ' MDTM', '211 End'];

describe('replies', () => {
  test('a size that arrives in halves is read as one', async () => {
    const script: Script = {
      FEAT: NO_MLST,
      MDTM: '213 20200101000000',
      SIZE: (visit) => {
        visit.socket.write('213 123');
        return setTimeout(30).then(() => visit.socket.write('456\r\n'));
      },
    };
    await using at = await open(script);
    expect((await at.lane.inspect(p('a'))).size).toBe(123_456);
  });

  test('a silent server is given up after the deadline', async () => {
    await using at = await open({ DELE: () => {} }, { replyTimeout: 100 });
    await expect(at.lane.remove(p('a'))).rejects.toThrow(LostError);
    expect(at.lane.alive).toBe(false);
  });

  test('421 ends the session, whatever it answers', async () => {
    await using at = await open({ DELE: '421 timeout' });
    const [first, second] = [at.lane.remove(p('a')), at.lane.remove(p('b'))];
    await expect(first).rejects.toMatchObject({ reply: 421, retryable: true });
    await expect(second).rejects.toThrow(LostError);
    expect(at.lane.alive).toBe(false);
  });

  test('421 without being asked ends the session', async () => {
    await using at = await open({});
    at.visit.send('421 shutting down');
    await expect.poll(() => at.lane.alive).toBe(false);
  });

  test('a refusal says the command and the reply', async () => {
    await using at = await open({ DELE: '550 not yours\x1b[2J' });
    const error = await at.lane.remove(p('ä')).catch((e) => e);
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ command: 'DELE /ä', reply: 550, text: 'not yours\\x1b[2J' });
    expect(at.lane.alive).toBe(true);
  });
});

describe('flights', () => {
  test('commands of the same tick travel in one piece', async () => {
    await using at = await open({ RNFR: '350 ok', RNTO: '250 ok', DELE: '250 ok', MKD: '257 ok' });
    const before = at.visit.flights.length;
    await Promise.all([at.lane.rename(p('a'), p('b')), at.lane.remove(p('c')), at.lane.makeDirectory(p('d'))]);
    expect(at.visit.flights.slice(before)).toEqual(['RNFR /a\r\nRNTO /b\r\nDELE /c\r\nMKD /d\r\n']);
  });

  test('what finishes one file and begins the next is one flight', async () => {
    const FEAT = ['211-F', ' MLST type*;size*;modify*;', ' MFMT', '211 E'];
    const MLST = ['250-Listing', ' type=file;size=1;modify=20200101000000; /a', '250 End'];
    await using at = await open({
      FEAT,
      MLST,
      MFMT: '213 ok',
      MDTM: '213 20200101000000',
      RNFR: '350 ok',
      RNTO: '250 ok',
    });
    await at.lane.write(p('warm'), text('x'));
    await at.lane.setModified(p('warm'), Date.UTC(2020, 0, 1));
    await at.lane.write(p('a.tmp'), text('x'));
    const before = at.visit.flights.length;
    await Promise.all([
      at.lane.inspect(p('a.tmp')),
      at.lane.setModified(p('a.tmp'), Date.UTC(2020, 0, 1)),
      at.lane.rename(p('a.tmp'), p('a')),
      at.lane.write(p('b.tmp'), text('x')),
    ]);
    expect(at.visit.flights.slice(before)).toEqual([
      'MLST /a.tmp\r\nMFMT 20200101000000 /a.tmp\r\nRNFR /a.tmp\r\nRNTO /a\r\nEPSV\r\nSTOR /b.tmp\r\n',
    ]);
  });

  test('never more than 128 commands and 2 KiB are unanswered', async () => {
    let unanswered = 0;
    let most = 0;
    let bytes = 0;
    const script: Script = {
      DELE: (visit) => {
        unanswered += 1;
        most = Math.max(most, unanswered);
        bytes = Math.max(bytes, unanswered * 10);
        setTimeout(20).then(() => {
          unanswered -= 1;
          visit.send('250 ok');
        });
      },
    };
    await using at = await open(script);
    await Promise.all(Array.from({ length: 1000 }, (_, i) => at.lane.remove(p(String(i % 10)))));
    expect(most).toBeGreaterThan(100);
    expect(most).toBeLessThanOrEqual(128);
    await Promise.all(Array.from({ length: 100 }, () => at.lane.remove(p('x'.repeat(200)))));
    expect(Math.max(...at.visit.flights.map((flight) => flight.length))).toBeLessThanOrEqual(2048);
  });

  test('nothing follows a transfer until its final reply', async () => {
    let early = 0;
    const script: Script = {
      DELE: '250 ok',
      STOR: async (visit) => {
        visit.send('150 go on');
        const known = visit.commands.length;
        const socket = await visit.data();
        for await (const _ of socket);
        await setTimeout(50);
        early = visit.commands.length - known;
        visit.send('226 done');
      },
    };
    await using at = await open(script);
    await Promise.all([at.lane.write(p('a'), text('x')), at.lane.remove(p('b')), at.lane.remove(p('c'))]);
    expect(early).toBe(0);
    expect(at.visit.flights.at(-1)).toBe('DELE /b\r\nDELE /c\r\n');
  });

  test.each(['Microsoft FTP Service', 'MikroTik FTP server'])('%s is asked one thing at a time', async (name) => {
    await using at = await open({ greeting: `220 ${name}`, DELE: (v) => setTimeout(5).then(() => v.send('250 ok')) });
    expect(at.remote.capabilities.pipelining).toBe(false);
    await Promise.all([at.lane.remove(p('a')), at.lane.remove(p('b')), at.lane.write(p('c'), text('x'))]);
    for (const flight of at.visit.flights) expect(flight.match(/\r\n/g)).toHaveLength(1);
  });

  test('a server that loses count is asked one thing at a time from then on', async () => {
    let seen = 0;
    const script: Script = {
      FEAT: NO_MLST,
      MDTM: '213 20200101000000',
      SIZE: (visit) => visit.send(seen++ === 0 ? '350 what' : '213 5'),
    };
    await using at = await open(script);
    await expect(at.lane.inspect(p('a'))).rejects.toThrow(ProtocolError);
    at.lane.release();
    const lane = await at.remote.lane();
    expect((await lane.inspect(p('a'))).size).toBe(5);
    expect(at.remote.capabilities.pipelining).toBe(false);
    expect(at.server.visits[1]!.flights.every((flight) => flight.split('\r\n').length === 2)).toBe(true);
  });
});

describe('what is sent', () => {
  test.each(['\r', '\n', '\0', '\r\nDELE keep.bin'])('a name with %j never gets there', async (bad) => {
    await using at = await open({});
    const before = at.server.commands.length;
    await expect(at.lane.remove(`a${bad}` as ReturnType<typeof p>)).rejects.toThrow(NameError);
    await expect(at.lane.write(`a${bad}` as ReturnType<typeof p>, text('x'))).rejects.toThrow(NameError);
    expect(at.server.commands.slice(before)).toEqual([]);
    expect(at.lane.alive).toBe(true);
  });

  test('a password with a line break is refused, not sent', async () => {
    await using server = await scripted();
    const remote = connectFtp(server.options({ password: async () => 'a\r\nDELE keep' }));
    await expect(remote.open()).rejects.toThrow(NameError);
    expect(server.commands).toEqual(['USER u']);
    await remote.close();
  });

  test('a password that FTP cannot carry is not in the message', async () => {
    await using server = await scripted();
    const remote = connectFtp(server.options({ password: async () => 'hunter2\r\n' }));
    await expect(remote.open()).rejects.not.toThrow(/hunter2/);
    await remote.close();
  });

  test.each([
    ['is doubled where the server undoes it', '550 /ferry-\xff-probe: no', '/\xff\xff'],
    ['is doubled where nothing tells', '550 no', '/\xff\xff'],
    ['is sent as it is where the server does not', '550 /ferry-\xff\xff-probe: no', '/\xff'],
  ])('0xFF %s', async (_name, CWD, sent) => {
    await using at = await open({ CWD, DELE: '250 ok' }, { encoding: 'latin1' });
    await at.lane.remove(p('ÿ'));
    expect(at.server.commands.at(-1)).toBe(`DELE ${sent}`);
  });

  test('secrets are not shown', async () => {
    const lines: string[] = [];
    const wire = (line: string) => lines.push(line);
    await using at = await open({ PASS: '332 account', ACCT: '230 in' }, { wire, account: 'konto' });
    expect(at.server.commands).toContain('PASS secret');
    expect(at.server.commands).toContain('ACCT konto');
    expect(lines.join('\n')).not.toMatch(/secret|konto/);
    expect(lines).toContain('> PASS ***');
  });
});
