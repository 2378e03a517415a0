/** A run in a CI service leaves its page and its annotations behind. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeWorld, PASSWORD, type World } from './harness.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
  await world.write({ 'public/a.txt': 'a', 'page.md': 'of another step\n' });
});
afterEach(() => world.close());

const page = () => readFileSync(join(world.folder, 'page.md'), 'utf8');
const github = () => ({
  GITHUB_ACTIONS: 'true',
  GITHUB_STEP_SUMMARY: join(world.folder, 'page.md'),
  GITHUB_WORKSPACE: world.folder,
});

describe('in GitHub Actions', () => {
  it('a run adds to the summary page, and a plan shows what it would do', async () => {
    expect((await world.ferryWith(github(), 'plan', 'public', world.url)).code).toBe(0);
    expect(page()).toMatch(/^of another step\n### ✅ ferry plan.*```\n.*\+ a\.txt/s);
    const run = await world.ferryWith(github(), 'push', 'public', world.url, '--summary', 'own.md');
    expect(run.code).toBe(0);
    expect(run.stderr).not.toContain('::');
    expect(page()).toContain('### ✅ ferry push');
    expect(readFileSync(join(world.folder, 'own.md'), 'utf8')).toContain('<code>a.txt</code>');
    expect(page()).not.toContain(PASSWORD);
  });

  it('a problem is an annotation, and --json stays JSON', async () => {
    await world.ferry('push', 'public', world.url);
    appendFileSync(join(world.serverFolder, 'www/a.txt'), ' drifted');
    const config = { jobs: { site: { direction: 'push', local: 'public', server: world.url, drift: 'fail' } } };
    await world.write({ 'sync.config.json': JSON.stringify(config) });
    await world.ferry('push', 'site');
    appendFileSync(join(world.serverFolder, 'www/a.txt'), ' again');
    const run = await world.ferryWith(github(), 'push', 'site', '--json', '--code-quality', 'quality.json');
    expect(run.code).toBe(3);
    for (const line of run.stdout.trim().split('\n')) JSON.parse(line);
    expect(run.stderr).toMatch(/^::error file=public\/a\.txt,title=ferry push site::a\.txt: /m);
    expect(page()).toContain('### ❌ ferry push site');
    expect(JSON.parse(readFileSync(join(world.folder, 'quality.json'), 'utf8'))).toMatchObject([
      { location: { path: 'public/a.txt' } },
    ]);
  });

  it('a page that cannot be written is said, and the run stands', async () => {
    const run = await world.ferry('push', 'public', world.url, '--summary', 'no/such/folder.md');
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toMatch(/no\/such\/folder\.md could not be written/);
    expect(existsSync(join(world.folder, 'no'))).toBe(false);
  });
});
