/** The CI deploy from end to end, on real servers: two fresh clones, a staged release, kept versions, a lock, a way back. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { markdownOf, Recorder } from '../../src/report/index.ts';
import { rollback } from '../../src/sync/index.ts';
import { deploy } from '../builders/checkout.ts';
import { type Drawing, read } from '../builders/folder.ts';
import { type AnyServer, start, variants } from '../servers/every-server.ts';

const ONE = { 'index.html': 'page 1', 'css/site.css': 'css', 'img/ü é.txt': 'names', 'old/gone.txt': 'gone' };
const TWO = { 'index.html': 'PAGE 2', 'css/site.css': 'CSS', 'img/ü é.txt': 'names', 'js/app.js': 'app' };
const JOB = {
  release: 'staged',
  keepVersions: 2,
  order: ['index.html'],
  serverLock: { staleAfter: 20_000 },
  retries: 2,
} as const;

let server: AnyServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const site = (): Drawing =>
  Object.fromEntries(
    Object.entries(read(join(server!.root, 'site'))).filter(
      ([path, content]) => !path.startsWith('.ferry') && content !== null,
    ),
  );

describe.each(variants(['none']))('a CI deploy to $title', (variant) => {
  it('sends what changed from one fresh clone to the next, and nothing when nothing did', async () => {
    server = await start(variant);
    const first = await deploy(server, ONE, JOB);
    expect(first.problems).toEqual([]);
    expect(first.summary).toMatchObject({ exitCode: 0, uploaded: 4 });
    expect(site()).toEqual(ONE);

    const again = await deploy(server, ONE, JOB);
    expect(again.summary).toMatchObject({ exitCode: 0, uploaded: 0, deleted: 0, unchanged: 4, bytesSent: 0 });

    const second = await deploy(server, TWO, JOB);
    expect(second.problems).toEqual([]);
    expect(second.summary).toMatchObject({ exitCode: 0, uploaded: 3, deleted: 2, unchanged: 1 });
    expect(site()).toEqual(TWO);
    expect(second.done.filter((done) => done.startsWith('upload')).sort()).toEqual([
      'upload css/site.css',
      'upload index.html',
      'upload js/app.js',
    ]);
    const page = new Recorder();
    for (const event of second.events) page.take({ ...event, time: '2026-01-01T00:00:00.000Z' });
    expect(markdownOf(page, (text) => text)).toContain('<code>css/site.css</code>');

    const back = await deploy(server, TWO, JOB, { verb: rollback });
    expect(back.problems).toEqual([]);
    expect(back.summary).toMatchObject({ exitCode: 0, bytesSent: 0 });
    expect(site()).toEqual(ONE);
    const forward = await deploy(server, TWO, JOB);
    expect(forward.summary).toMatchObject({ exitCode: 0 });
    expect(site()).toEqual(TWO);
    expect((await deploy(server, TWO, JOB)).summary).toMatchObject({ exitCode: 0, uploaded: 0, bytesSent: 0 });
    // Nothing is left behind but what is meant to be.
    expect(
      readdirSync(join(server.root, 'site/.ferry'))
        .map((name) => name.replace(/-[0-9a-f]{16}$/, ''))
        .sort(),
    ).toEqual(['state', 'versions']);
  });
});
