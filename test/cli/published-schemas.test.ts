/** What programs read is published as schemas: they are up to date, and what the command really prints fits them. */
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { publishedSchemas } from '../../src/cli/published-schemas.ts';
import { planSchema } from '../../src/cli/saved-plan.ts';
import { eventSchema } from '../../src/report/event-schema.ts';
import { eventsOf, makeWorld, type World } from './harness.ts';

const FOLDER = join(import.meta.dirname, '../../schemas');

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.close());

test('they are those that the code has (else: npm run build && node dist/cli/write-schemas.js)', () => {
  const published = publishedSchemas();
  expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(published).sort());
  for (const [name, schema] of Object.entries(published)) {
    expect(JSON.parse(readFileSync(join(FOLDER, name), 'utf8'))).toEqual(JSON.parse(JSON.stringify(schema)));
  }
});

test('every event of runs that meet all kinds of things fits, and has no key that the schema does not know', async () => {
  await world.write({ 'site/a.txt': 'a', 'site/new/b.txt': 'b', 'site/gone.txt': 'gone' });
  const hooks = {
    before: [process.execPath, '-e', 'console.log("up")'],
    after: [process.execPath, '-e', 'process.exit(1)'],
  };
  const job = { direction: 'push', local: 'site', server: world.url, hooks };
  await world.write({ 'sync.config.json': JSON.stringify({ jobs: { site: job } }) });
  const seen = new Set<unknown>();
  const told = async (...args: readonly string[]) => {
    const events = eventsOf(await world.ferry(...args, '--json'));
    expect(events[0]).toMatchObject({ type: 'start', version: 1 });
    for (const event of events) {
      expect(eventSchema.parse(event)).toEqual(event);
      seen.add(event.type);
    }
    return events;
  };
  await told('push', 'site');
  await world.write({ 'site/a.txt': 'another' });
  await rm(join(world.folder, 'site/gone.txt'));
  await told('push', 'site');
  await world.server.close(0);
  await told('push', 'site', '--retries', '1');
  for (const type of ['start', 'capabilities', 'plan', 'action', 'progress', 'hook', 'retry', 'summary']) {
    expect(seen).toContain(type);
  }
});

test('a plan that is printed fits', async () => {
  await world.write({ 'site/a.txt': 'a', 'site/new/b.txt': 'b' });
  const { stdout } = await world.ferry('plan', 'site', world.url, '--json');
  const printed = JSON.parse(stdout) as { actions: unknown[] };
  expect(printed.actions.length).toBe(3);
  expect(planSchema.parse(printed)).toEqual(printed);
});
