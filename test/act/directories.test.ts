/** A directory that is to be made where the server lists a file, and has something else. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { type ScriptedServer, scriptedServer } from '../faults/scripted-server.ts';

let server: ScriptedServer;
afterEach(() => server.stop());

it.each([
  ['push', {}],
  ['sync', { delete: 'tracked', conflict: 'keep-both' }],
] as const)('%s: nothing goes through a link that a listing shows as a file', async (direction, more) => {
  // As IIS lists them: what a link leads to, it does not say.
  server = await scriptedServer({
    listDialect: 'dos',
    fractions: false,
    withoutFeatures: ['MLSD', 'MFMT', 'MFF', 'MDTM SET', 'SITE UTIME'],
  });
  const elsewhere = join(server.root, 'elsewhere');
  mkdirSync(join(server.root, 'site'));
  draw(elsewhere, { secret: 'of others' });
  symlinkSync('../elsewhere', join(server.root, 'site/d'));
  const local = draw(emptyFolder(), { 'd/e/a.txt': 'a', 'd/secret': 'mine', 'x.txt': 'x' });
  const { summary, problems } = await perform(job(server, local, { direction, ...more }), emptyFolder());
  expect(read(elsewhere)).toEqual({ secret: 'of others' });
  expect(summary).toMatchObject({ exitCode: 3, uploaded: 1 });
  expect(problems.join('\n')).toMatch(/^d: the server lists it as a file and has a folder there, or a link to one/m);
});
