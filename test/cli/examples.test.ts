/** Every file in `examples` works as it stands. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeWorld, PASSWORD, type World } from './harness.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const run = promisify(execFile);

let world: World;
beforeEach(async () => {
  world = await makeWorld();
  await world.write({ 'site/index.html': 'hello', 'site/app.js': 'x', 'site/app.js.map': 'm' });
});
afterEach(() => world.close());

const examples: Readonly<Record<string, () => Promise<void>>> = {
  'deploy.mjs': async () => {
    const { stdout } = await example('deploy.mjs', 'site', world.url);
    expect(stdout).toMatch(/upload index\.html\n/);
    expect(stdout).toMatch(/2 sent, 0 unchanged/);
    expect(Object.keys(await world.files('server:www'))).toEqual(['app.js', 'index.html']);
  },
  'serve-and-push.mjs': async () => {
    await mkdir(join(world.folder, 'served'));
    const { stdout } = await example('serve-and-push.mjs', 'site', 'served');
    expect(stdout).toMatch(/the server got .*, 5 bytes/);
    expect(await world.files('served')).toEqual(await world.files('site'));
  },
};

test.each(readdirSync(EXAMPLES).filter((name) => name.endsWith('.mjs')))('%s', (name) => {
  const shown = examples[name];
  if (!shown) throw new Error(`nothing here runs ${name}`);
  return shown();
});

function example(name: string, ...args: readonly string[]) {
  return run(process.execPath, [join(EXAMPLES, name), ...args], {
    cwd: world.folder,
    env: { PATH: process.env.PATH, FERRY_STATE: join(world.folder, '../state'), FERRY_PASSWORD: PASSWORD },
  });
}
