/** A staged release that is killed: before anything is published, and in the middle of it. */
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventsOf, makeWorld, manyFiles, until, type World } from './harness.ts';

const COUNT = 60;

let world: World;
beforeEach(async () => {
  world = await makeWorld();
  const wait = 'touch ready; while [ -e sync.config.json ] && [ ! -e go ]; do sleep 0.05; done';
  const site = { direction: 'push', local: 'public', server: world.url, state: 'remote', release: 'staged' };
  const jobs = { site: { ...site, order: ['index.html'], maintenance: { enter: ['sh', '-c', wait] } } };
  await world.write({
    'sync.config.json': JSON.stringify({ jobs }),
    ...manyFiles('public', COUNT),
    'public/index.html': 'old',
    go: '',
  });
  expect((await world.ferry('push', 'site')).code).toBe(0);
  await rm(join(world.folder, 'go'));
  await rm(join(world.folder, 'ready'));
  const changed = manyFiles('public', COUNT);
  for (const [path, content] of Object.entries(changed)) changed[path] = `new ${content}`;
  await world.write({ ...changed, 'public/index.html': 'new' });
});
afterEach(() => world.close());

const forget = () => rm(join(world.folder, '../state'), { recursive: true, force: true });
const isThere = (name: string) => readdirSync(world.folder).includes(name);
/** What visitors are given, and whether each is of before or after. */
async function seen(): Promise<Record<'old' | 'new', number>> {
  const count = { old: 0, new: 0 };
  for (const [path, content] of Object.entries(await world.files('server:www'))) {
    if (path.startsWith('.ferry') || path.endsWith('.ferry')) continue;
    // Never anything else than one of the two, whole.
    expect(content).toMatch(/^(?:old|new|(?:new )?content \d+\n)$/);
    count[content.startsWith('new') ? 'new' : 'old']++;
  }
  return count;
}

describe('a staged release that is killed', () => {
  it('before the burst has published nothing, and the next one goes on without sending anything again', async () => {
    const { child, ended } = world.start('push', 'site');
    await until(() => isThere('ready'), 'everything has arrived');
    child.kill('SIGKILL');
    await ended;
    expect(await seen()).toEqual({ old: COUNT + 1, new: 0 });
    await forget();
    await world.write({ go: '' });
    const again = eventsOf(await world.ferry('push', 'site', '--json')).at(-1);
    expect(again).toMatchObject({ exitCode: 0, uploaded: COUNT + 1, bytesSent: 0 });
    expect(await seen()).toEqual({ old: 0, new: COUNT + 1 });
  });

  it('in the middle of the burst leaves whole files, index.html the old one, and the next one ends it', async () => {
    const { child, ended } = world.start('push', 'site');
    await until(() => isThere('ready'), 'everything has arrived');
    world.server.on('renamed', () => child.kill('SIGKILL'));
    await world.write({ go: '' });
    await ended;
    const torn = await seen();
    expect(torn.old + torn.new).toBe(COUNT + 1);
    expect(torn.new).toBeGreaterThan(0);
    expect((await world.files('server:www'))['index.html']).toBe('old');
    await forget();
    expect(eventsOf(await world.ferry('push', 'site', '--json')).at(-1)).toMatchObject({ exitCode: 0 });
    expect(await seen()).toEqual({ old: 0, new: COUNT + 1 });
    expect(Object.keys(await world.files('server:www')).filter((path) => path.endsWith('.ferry'))).toEqual([]);
    await forget();
    expect(eventsOf(await world.ferry('push', 'site', '--json')).at(-1)).toMatchObject({ exitCode: 0, uploaded: 0 });
  });
});
