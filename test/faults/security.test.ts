/** Lines of the security list that no room's own tests hold; README.md beside it says where each of the others is held. */
import { lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { connectFtp } from '../../src/ftp/remote.ts';
import { printable, type RelPath, ROOT } from '../../src/model/index.ts';
import { FtpServer } from '../../src/server/index.ts';
import { clientOptions, job } from '../builders/connect.ts';
import { draw, emptyFolder } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import type { AnyServer } from '../servers/every-server.ts';
import { scriptedServer } from './scripted-server.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

test('a connection serves one login only: two of one server never see what the other may', async () => {
  const homes = [emptyFolder(), emptyFolder()];
  homes.forEach((home, n) => void writeFileSync(join(home, `of-${n}.txt`), `${n}`));
  const users = homes.map((home, n) => ({ name: `user${n}`, password: `secret-${n}`, home }));
  const server = new FtpServer({ users });
  open.push(() => server.close(0));
  const { host, port } = await server.listen();
  const remotes = users.map(({ name, password }) => {
    const handle: AnyServer = {
      name: 'ours',
      host,
      port,
      user: name,
      password,
      root: '',
      tls: 'none',
      ca: '',
      log: () => '',
      stop: async () => {},
    };
    return connectFtp(clientOptions(handle, '/'));
  });
  for (const remote of remotes) {
    open.push(() => remote.close());
    await remote.open();
  }
  for (let round = 0; round < 5; round++) {
    const listings = await Promise.all(remotes.map((remote) => remote.list(ROOT)));
    expect(listings.map(({ entries }) => entries.map(({ path }) => path))).toEqual([['of-0.txt'], ['of-1.txt']]);
  }
});

test.skipIf(process.platform === 'win32')('nobody else may read what is remembered', async () => {
  const server = await scriptedServer();
  open.push(() => server.stop());
  const [local, state] = [draw(emptyFolder(), { 'private/a.txt': 'a' }), emptyFolder()];
  expect((await perform(job(server, local), state)).summary.exitCode).toBe(0);
  const all = readdirSync(state, { recursive: true, encoding: 'utf8' });
  expect(all.length).toBeGreaterThan(3);
  for (const path of all) expect([path, lstatSync(join(state, path)).mode & 0o077]).toEqual([path, 0]);
});

test('a password appears nowhere: not in events, not on the wire that is shown, not in the state, not in a failure', async () => {
  const server = await scriptedServer();
  open.push(() => server.stop());
  const [local, state] = [draw(emptyFolder(), { 'a.txt': 'a' }), emptyFolder()];
  const told: unknown[] = [];
  for (const does of ['530 No', '421 Later', '500 What?'] as const) {
    server.arm([{ on: /^PASS/, does, times: Number.POSITIVE_INFINITY }]);
    const { events } = await perform(job(server, local, { retries: 0 }), state, { wire: (line) => told.push(line) });
    server.disarm();
    told.push(events);
  }
  expect(JSON.stringify(told)).toContain('PASS ***');
  expect(JSON.stringify(told)).not.toContain(server.password);
});

describe('a name is shown without what a terminal obeys or a reader cannot see', () => {
  test.each([
    ['an escape sequence', 'a\x1b[2Jb', 'a\\x1b[2Jb'],
    ['a line break', 'a\nb', 'a\\x0ab'],
    ['a C1 control', 'a\x9bb', 'a\\x9bb'],
    ['right-to-left override', 'gpj.\u202eexe', 'gpj.\\u202eexe'],
    ['an isolate', '\u2066a\u2069', '\\u2066a\\u2069'],
    ['no width', 'a\u200bb', 'a\\u200bb'],
  ])('%s', (_, name, shown) => expect(printable(name)).toBe(shown));

  test('where a server makes it up', async () => {
    const server = await scriptedServer();
    open.push(() => server.stop());
    mkdirSync(join(server.root, 'site'));
    writeFileSync(join(server.root, 'site', 'evil\x1b]0;x\x07\u202etxt.exe'), '');
    server.arm([{ on: /^RETR/, does: '550 \x1b[31mNo\u202e', times: 9 }]);
    const { problems } = await perform(job(server, emptyFolder(), { direction: 'pull' }), emptyFolder());
    expect(problems).toHaveLength(1);
    const [, message] = /: (.*)$/s.exec(problems[0]!)!;
    expect(printable(message!)).toBe(message);
  });
});

test('a name that a server makes up becomes no path out of its directory', async () => {
  const server = await scriptedServer();
  open.push(() => server.stop());
  const remote = connectFtp(clientOptions(server, '/'));
  open.push(() => remote.close());
  await remote.open();
  const lane = await remote.lane();
  for (const bad of ['a\r\nDELE keep.bin', 'a\nb', 'a\0b'] as RelPath[]) {
    await expect(lane.remove(bad)).rejects.toMatchObject({ code: 'name' });
  }
  lane.release();
  expect(server.commands.filter((line) => line.startsWith('DELE'))).toEqual([]);
});
