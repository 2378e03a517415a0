/** Killed at any moment, a backup leaves whole snapshots and nothing else under their names, and the next one goes on. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { inspect } from '../../src/backup/overview.ts';
import { readStore } from '../../src/backup/store.ts';
import { type Drawing, draw, read } from '../builders/drawing.ts';
import { makeWorld } from '../cli/harness.ts';
import { portrait } from './scene.ts';

const KILLS = 6;

/** Two versions of one tree: some files are the same, some are not, some are in one only. */
function version(mark: string): Drawing {
  const drawing: Record<string, string | null> = { [`only-${mark}/x.txt`]: mark, [`empty-${mark}`]: null };
  for (let n = 0; n < 60; n++) drawing[`d${n % 5}/f${n}.txt`] = (n % 2 === 0 ? mark : 'same').repeat(50 + n);
  drawing['big.bin'] = mark.repeat(2_000_000);
  return drawing;
}

test('a backup that is killed again and again', { timeout: 240_000 }, async () => {
  const world = await makeWorld();
  onTestFinished(() => world.close());
  const home = join(world.folder, 'shop');
  const remote = join(world.serverFolder, 'www');
  const job = { direction: 'pull', local: 'shop', server: `ftp://ann@127.0.0.1:${world.port}`, remote: '/www' };
  await world.write({
    'sync.config.json': JSON.stringify({ jobs: { nightly: { ...job, backup: { keep: { last: 2 } } } } }),
  });
  const stage = (mark: string) => {
    rmSync(remote, { recursive: true, force: true });
    draw(remote, version(mark));
  };
  const args = ['backup', 'nightly', '--max-delete', '100%', '--connections', '2'];
  /** What each snapshot looked like when it was first seen. */
  const known = new Map<string, { readonly tree: Drawing; readonly portrait: Record<string, string> }>();
  const audit = async (mark: string) => {
    const { snapshots, oddities } = await readStore(home);
    expect(oddities).toEqual([]);
    for (const snapshot of snapshots) {
      const drawn = Object.entries(read(snapshot.root)).filter(([path]) => !path.startsWith('.ferry/'));
      const now = { tree: Object.fromEntries(drawn), portrait: portrait(snapshot.root) };
      const before = known.get(snapshot.name);
      if (before) expect(now).toEqual(before);
      else {
        expect(now.tree).toEqual(version(mark));
        expect(await inspect(snapshot, new AbortController().signal)).toEqual([]);
        known.set(snapshot.name, now);
      }
    }
    return snapshots.map(({ name }) => name);
  };

  stage('a');
  const since = performance.now();
  expect((await world.ferry(...args)).code).toBe(0);
  const usual = performance.now() - since;
  await audit('a');
  let landed = 0;
  for (let round = 0; landed < KILLS && round < 3 * KILLS; round++) {
    const mark = round % 2 === 0 ? 'b' : 'a';
    stage(mark);
    const { child, ended } = world.start(...args);
    // From before it begins to after its end, evenly.
    const timer = setTimeout(() => child.kill('SIGKILL'), usual * (0.3 + (0.8 * ((round * 5) % KILLS)) / KILLS));
    const { code } = await ended;
    clearTimeout(timer);
    if (code === null) landed++;
    else expect(code).toBe(0);
    await audit(mark);
    const next = await world.ferry(...args);
    expect(next.code, next.stderr).toBe(0);
    const names = await audit(mark);
    expect(known.get(names.at(-1)!)?.tree).toEqual(version(mark));
    expect(names).toHaveLength(2);
    expect(readdirSync(join(home, '.ferry')).filter((name) => name !== 'removing')).toEqual([]);
  }
  expect(landed).toBeGreaterThanOrEqual(KILLS / 2);
});
