/** The port of the next file is asked for along with this one, on the one kind of server that bears it. */
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { openSession } from '../../src/ftp/connect.ts';
import { FtpLane } from '../../src/ftp/lane.ts';
import { connectFtp } from '../../src/ftp/remote.ts';
import { Site } from '../../src/ftp/site.ts';
import { type ByteSource, ReplyError, toRelPath } from '../../src/model/index.ts';
import { type Script, scripted, type Visit } from './scripted.ts';

const p = toRelPath;
const source = (content: string): ByteSource => ({
  async *chunks() {
    yield Buffer.from(content);
  },
});

/** It is recognised by these words. */
const VSFTPD: Script = { TYPE: '200 Switching to Binary mode.' };

async function open(script: Script, changes = {}) {
  const server = await scripted({ DELE: '250 ok', ...script });
  const remote = connectFtp(server.options(changes));
  await remote.open();
  return {
    server,
    remote,
    /** All flights of the first connection since the login. */
    flights: () => server.visits[0]!.flights.filter((flight) => /EPSV|STOR|RETR|DELE/.test(flight)),
    async [Symbol.asyncDispose]() {
      await remote.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const taking =
  (arrived: string[], reply = '226 done') =>
  async (visit: Visit) => {
    visit.send('150 go on');
    let content = '';
    for await (const chunk of await visit.data()) content += chunk;
    arrived.push(`${visit.argument}: ${content}`);
    visit.send(reply);
  };

describe('on vsftpd', () => {
  test('each file after the first is one flight, and the connection it takes', async () => {
    const arrived: string[] = [];
    await using at = await open({ ...VSFTPD, STOR: taking(arrived) });
    const lane = await at.remote.lane();
    for (const name of ['first', 'second', 'third', 'fourth']) await lane.write(p(name), source(`of ${name}`));
    expect(arrived).toEqual(['first', 'second', 'third', 'fourth'].map((name) => `/${name}: of ${name}`));
    expect(at.flights()).toEqual([
      'EPSV\r\n',
      'STOR /first\r\n',
      'EPSV\r\nSTOR /second\r\nEPSV\r\n',
      'STOR /third\r\nEPSV\r\n',
      'STOR /fourth\r\nEPSV\r\n',
    ]);
  });

  test('a port that was asked for serves whatever comes next', async () => {
    await using at = await open(VSFTPD);
    const lane = await at.remote.lane();
    for (const name of ['a', 'b']) await lane.write(p(name), source('x'));
    const pieces: string[] = [];
    await lane.read(p('c'), { write: (chunk) => void pieces.push(Buffer.from(chunk).toString()) });
    expect(pieces.join('')).toBe('content');
    expect(at.flights().at(-1)).toBe('RETR /c\r\n');
  });

  test('a file that is refused leaves the port to the next one', async () => {
    const arrived: string[] = [];
    const STOR = (visit: Visit) => (visit.argument === '/no' ? visit.send('553 no') : taking(arrived)(visit));
    await using at = await open({ ...VSFTPD, STOR });
    const lane = await at.remote.lane();
    for (const name of ['a', 'b']) await lane.write(p(name), source('x'));
    await expect(lane.write(p('no'), source('x'))).rejects.toThrow(ReplyError);
    await lane.write(p('c'), source('y'));
    expect(arrived).toEqual(['/a: x', '/b: x', '/c: y']);
    expect(at.flights().slice(-2)).toEqual(['STOR /no\r\nEPSV\r\n', 'STOR /c\r\nEPSV\r\n']);
  });
});

test('a port that the server has given up since is not dialled', async () => {
  const arrived: string[] = [];
  const server = await scripted({ ...VSFTPD, STOR: taking(arrived) });
  const site = new Site(server.options());
  const session = await openSession(site);
  const lane = new FtpLane(session, () => {});
  for (const name of ['a', 'b']) await lane.write(p(name), source(name));
  // What another connection finds out when it is refused a port: this one begins from the start.
  site.knowledge.dataMode = undefined;
  for (const name of ['c', 'd']) await lane.write(p(name), source(name));
  expect(arrived).toEqual(['/a: a', '/b: b', '/c: c', '/d: d']);
  await session.close();
  await server[Symbol.asyncDispose]();
});

describe('on a server that only speaks like it', () => {
  test('a refusal of what was asked ahead: it is asked for again, and no more ahead', async () => {
    const arrived: string[] = [];
    let asked = 0;
    const EPSV = async (visit: Visit) => {
      asked += 1;
      visit.send(asked === 3 ? '500 not now' : `229 ok (|||${await visit.listen()}|)`);
    };
    await using at = await open({ ...VSFTPD, EPSV, STOR: taking(arrived) });
    const lane = await at.remote.lane();
    for (const name of ['a', 'b', 'c', 'd']) await lane.write(p(name), source(name));
    expect(arrived).toEqual(['/a: a', '/b: b', '/c: c', '/d: d']);
    expect(at.flights().slice(-3)).toEqual([
      'EPSV\r\nSTOR /b\r\nEPSV\r\n',
      'EPSV\r\nSTOR /c\r\n',
      'EPSV\r\nSTOR /d\r\n',
    ]);
  });

  test('an answer that comes before its turn costs the connection, and no other connection is put to it', async () => {
    const STOR = async (visit: Visit) => {
      visit.send('150 go on');
      const data = await visit.data();
      data.resume();
      // The command that came meanwhile is refused at once, as ProFTPD does.
      if (visit.flights.at(-1)!.endsWith('EPSV\r\n')) visit.send('450 not during a transfer');
      await once(data, 'end');
      visit.send('226 done');
    };
    await using at = await open({ ...VSFTPD, STOR });
    const lane = await at.remote.lane();
    await lane.write(p('a'), source('x'));
    await expect(lane.write(p('b'), source('x'))).rejects.toMatchObject({ retryable: true });
    await expect.poll(() => lane.alive).toBe(false);
    lane.release();
    const other = await at.remote.lane();
    for (const name of ['b', 'c']) await other.write(p(name), source('x'));
    expect(at.server.visits[1]!.commands.slice(-4)).toEqual(['EPSV', 'STOR /b', 'EPSV', 'STOR /c']);
  });
});

test('on any other server nothing is sent while a transfer is under way', async () => {
  await using at = await open({});
  const lane = await at.remote.lane();
  for (const name of ['a', 'b', 'c']) await lane.write(p(name), source('x'));
  expect(at.flights().slice(-2)).toEqual(['EPSV\r\nSTOR /b\r\n', 'EPSV\r\nSTOR /c\r\n']);
});
