/** Servers that list times to the minute, and tell them exactly where they are asked. */
import { readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { type ScriptedServer, scriptedServer } from '../faults/scripted-server.ts';

let server: ScriptedServer;
afterEach(() => server.stop());

it.each([true, false])(
  'an edit in the minute of a comparison by content is seen, remembered before: %s',
  async (known) => {
    server = await scriptedServer({
      fractions: false,
      withoutFeatures: [
        'MLSD',
        'MLST',
        'MFMT',
        'MFF',
        'MDTM SET',
        'SITE UTIME',
        'HASH',
        'XCRC',
        'XMD5',
        'XSHA1',
        'XSHA256',
      ],
    });
    const site = draw(join(server.root, 'site'), known ? {} : { 'a.txt': 'one' });
    const [local, state] = [draw(emptyFolder(), { 'a.txt': 'one' }), emptyFolder()];
    const settings = job(server, local);
    if (known) expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0, uploaded: 1 });
    const minute = Math.floor(statSync(join(site, 'a.txt')).mtimeMs / 60_000) * 60;
    utimesSync(join(site, 'a.txt'), minute, minute + 20);
    const compared = await perform(job(server, local, { compare: 'hash' }), state);
    expect(compared.summary).toMatchObject({ exitCode: 0, uploaded: 0 });
    draw(site, { 'a.txt': 'two' });
    utimesSync(join(site, 'a.txt'), minute, minute + 40);
    expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0, uploaded: 1 });
    expect(read(site)).toMatchObject({ 'a.txt': 'one' });
  },
);

it.each(['that is tried again', 'and taken up by the next run'])(
  'an edit in the minute of a download that is cut off %s: the two versions are not made one',
  async (when) => {
    server = await scriptedServer({ fractions: false, withoutFeatures: ['MLSD', 'MLST'] });
    const [older, newer] = ['1'.repeat(3 << 20), '2'.repeat(1 << 20) + '1'.repeat(2 << 20)];
    const site = draw(join(server.root, 'site'), { 'image.bin': older });
    const minute = Math.floor(Date.now() / 60_000) * 60 - 600;
    utimesSync(join(site, 'image.bin'), minute, minute + 10);
    let edited = false;
    const edit = () => {
      if (edited) return;
      edited = true;
      draw(site, { 'image.bin': newer });
      utimesSync(join(site, 'image.bin'), minute, minute + 40);
    };
    const [local, state] = [emptyFolder(), emptyFolder()];
    server.arm([{ on: /^RETR .*image/, does: 'lose the reply' }]);
    const again = when === 'that is tried again';
    const settings = job(server, local, { direction: 'pull', retries: again ? 2 : 0 });
    const first = await perform(settings, state, { tell: ({ type }) => type === 'retry' && edit() });
    server.disarm();
    expect([first.summary.exitCode === 0, edited]).toEqual([again, again]);
    edit();
    expect((await perform(settings, state)).summary).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(local, 'image.bin'), 'utf8') === newer).toBe(true);
  },
);
