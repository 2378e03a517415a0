/** A plan made in one checkout (the pull request), reviewed, and applied from another one (the merge). */
import { cpSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventsOf, makeWorld, type World } from './harness.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.close());

const at = (...parts: string[]) => join(world.folder, ...parts);
const forget = () => rmSync(at('../state'), { recursive: true, force: true });

/** A second checkout: the same content, new times. */
function cloned(): void {
  cpSync(at('one'), at('two'), { recursive: true });
  for (const file of ['index.html', 'css/site.css', 'same.txt']) utimesSync(at('two/public', file), 1.7e9, 1.7e9);
  forget();
}

describe.each(['remote', 'local'])('a saved plan, with the memory %s', (state) => {
  beforeEach(async () => {
    const job = { direction: 'push', local: 'public', server: world.url, release: 'staged', state };
    await world.write({
      'one/sync.config.json': JSON.stringify({ jobs: { site: job } }),
      'one/public/index.html': 'one',
      'one/public/css/site.css': 'css',
      'one/public/same.txt': 'same',
    });
    expect(await world.ferry('push', 'site', '-c', 'one/sync.config.json')).toMatchObject({ code: 0 });
    writeFileSync(at('one/public/index.html'), 'ONE');
    writeFileSync(at('one/public/css/site.css'), 'CSS');
    expect(await world.ferry('plan', 'site', '-c', 'one/sync.config.json', '-o', 'plan.json')).toMatchObject({
      code: 0,
    });
    cloned();
  });
  const apply = async () => {
    const applied = await world.ferry('apply', 'plan.json', '-c', 'two/sync.config.json', '--json');
    return eventsOf(applied).at(-1);
  };

  it('is stale where anything it names has moved, says what, and holds where nothing has', async () => {
    const plan = JSON.parse(readFileSync(at('plan.json'), 'utf8')) as { actions: { source: { stamps: object } }[] };
    for (const { source } of plan.actions) {
      expect(source.stamps).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    }
    // Another content of the same size.
    writeFileSync(at('two/public/index.html'), 'two');
    const message = expect.stringMatching(/no longer holds, nothing was done: index\.html changed since/);
    expect(await apply()).toMatchObject({ exitCode: 7, message });
    expect(await world.files('server:www')).toMatchObject({ 'index.html': 'one', 'css/site.css': 'css' });
    writeFileSync(at('two/public/index.html'), 'ONE');

    expect(await apply()).toMatchObject({ exitCode: 0, uploaded: 2 });
    expect(await world.files('server:www')).toMatchObject({ 'index.html': 'ONE', 'css/site.css': 'CSS' });
    // What it replaces is not there any more.
    expect(await apply()).toMatchObject({ exitCode: 7, message: expect.stringMatching(/css\/site\.css/) });
    if (state === 'local') return;
    const after = await world.ferry('push', 'site', '-c', 'two/sync.config.json', '--json');
    expect(eventsOf(after).at(-1)).toMatchObject({ exitCode: 0, uploaded: 0 });
  });
});
