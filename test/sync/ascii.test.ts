/**
 * Texts of a job: their line ends become those of the other side, and nothing is sent needlessly for it. Our server keeps
 * texts with LF; vsftpd, as it is set up by default, keeps the CR LF that travels, as servers on Windows do.
 */
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verify } from '../../src/sync/index.ts';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { type AnyServer, start, variants } from '../servers/every-server.ts';

const TIME = new Date('2024-02-03T04:05:06Z');

describe.each(variants(['none']).filter(({ name }) => name === 'ours' || name === 'vsftpd'))('$title', (variant) => {
  let server: AnyServer;
  beforeAll(async () => {
    server = await start(variant);
  });
  afterAll(async () => {
    await server?.stop();
  });

  test('travel once, are verified, and come back as they were', async () => {
    const stored = variant.name === 'ours' ? (text: string) => text : (text: string) => text.replaceAll('\n', '\r\n');
    const here = draw(emptyFolder(), { 'notes.txt': 'one\ntwo\n', 'deep/more.txt': '\n\n', 'raw.bin': 'a\nb\r\n' });
    utimesSync(join(here, 'notes.txt'), TIME, TIME);
    const state = emptyFolder();
    const push = job(server, here, { ascii: ['*.txt'], remote: '/site' });
    const there = (name: string) => readFileSync(join(server.root, 'site', name), 'latin1');

    expect((await perform(push, state)).summary).toMatchObject({ exitCode: 0, uploaded: 3 });
    expect([there('notes.txt'), there('deep/more.txt'), there('raw.bin')]).toEqual([
      stored('one\ntwo\n'),
      stored('\n\n'),
      'a\nb\r\n',
    ]);
    expect(statSync(join(server.root, 'site/notes.txt')).mtime).toEqual(TIME);
    expect((await perform(push, state)).summary).toMatchObject({ exitCode: 0, uploaded: 0, unchanged: 3 });
    // With nothing remembered, by their times.
    expect((await perform(push, emptyFolder())).summary).toMatchObject({ exitCode: 0, uploaded: 0, unchanged: 3 });
    expect((await perform(push, state, { verb: verify })).summary).toMatchObject({ exitCode: 0, unchanged: 3 });

    writeFileSync(join(here, 'notes.txt'), 'one\nTWO\n');
    expect((await perform(push, state, { verb: verify })).summary).toMatchObject({ exitCode: 8, unchanged: 2 });
    expect((await perform(push, state)).done).toEqual(['upload notes.txt']);
    expect(there('notes.txt')).toBe(stored('one\nTWO\n'));

    const copy = emptyFolder();
    const pull = job(server, copy, { direction: 'pull', ascii: ['*.txt'], remote: '/site', local: copy });
    expect((await perform(pull, emptyFolder())).summary).toMatchObject({ exitCode: 0, downloaded: 3 });
    expect(read(copy)).toEqual(read(here));
  });
});
