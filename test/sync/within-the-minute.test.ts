/** Servers that list times to the minute, and tell them exactly where they are asked. */
import { statSync, utimesSync } from 'node:fs';
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
