/** A deploy from a machine that remembers nothing, and one that was killed on the way. */
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventsOf, FERRY, makeWorld, manyFiles, until, type World } from './harness.ts';

expect(FERRY).toContain('dist');

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.close());

const config = (job: object = {}) =>
  JSON.stringify({
    jobs: { site: { direction: 'push', local: 'public', server: world.url, state: 'remote', ...job } },
  });
const forget = () => rm(join(world.folder, '../state'), { recursive: true, force: true });
const summaryOf = (ended: Parameters<typeof eventsOf>[0]) => eventsOf(ended).at(-1)!;

describe('ferry push with state: remote', () => {
  it('keeps most of what it learnt when it is killed', async () => {
    const count = 800;
    await world.write({ 'sync.config.json': config(), ...manyFiles('public', count) });
    const { child, ended } = world.start('push', 'site', '--json');
    const saved = () => {
      try {
        return readdirSync(join(world.serverFolder, 'www/.ferry')).some((name) => /^state-[0-9a-f]{16}$/.test(name));
      } catch {
        return false;
      }
    };
    let over = false;
    void ended.then(() => {
      over = true;
    });
    await until(() => over || saved(), 'a state is on the server');
    expect(over).toBe(false);
    child.kill('SIGKILL');
    await ended;
    await forget();
    // A checkout of its own: new times, the same content.
    await world.write(manyFiles('public', count));
    const again = summaryOf(await world.ferry('push', 'site', '--json'));
    expect(again).toMatchObject({ exitCode: 0 });
    expect(again.unchanged as number).toBeGreaterThanOrEqual(200);
    expect((again.uploaded as number) + (again.unchanged as number)).toBe(count);
    await forget();
    expect(summaryOf(await world.ferry('push', 'site', '--json'))).toMatchObject({ exitCode: 0, uploaded: 0 });
  });

  it('takes --state remote on the command line, and says what to do about a state that cannot be read', async () => {
    await world.write({ 'public/a.txt': 'a' });
    const pair = ['push', 'public', world.url, '--state', 'remote'];
    expect((await world.ferry(...pair)).code).toBe(0);
    await forget();
    expect(summaryOf(await world.ferry(...pair, '--json'))).toMatchObject({ exitCode: 0, uploaded: 0, unchanged: 1 });
    const [name] = readdirSync(join(world.serverFolder, 'www/.ferry'));
    const { truncate } = await import('node:fs/promises');
    await truncate(join(world.serverFolder, 'www/.ferry', name!), 10);
    const refused = await world.ferry(...pair, '--retries', '0');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/cannot be used \(it is cut short\)\. Nothing was changed\..*--adopt/s);
    expect((await world.ferry(...pair, '--adopt')).code).toBe(0);
    expect(summaryOf(await world.ferry(...pair, '--json'))).toMatchObject({ exitCode: 0, uploaded: 0 });
  });
});
