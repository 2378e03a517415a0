/** The short form of `npm run soak`: a watch against a server that is killed and restarted at random ends byte-identical. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Churn, randomFrom } from '../builders/churn.ts';
import { job } from '../builders/connect.ts';
import { emptyFolder } from '../builders/folder.ts';
import { startWatch } from '../builders/watching.ts';
import { phoenix } from '../servers/phoenix.ts';
import { differences } from '../soak/compare.ts';

const EVENTS = 300;
const KILLS = 6;

test('a server that is killed and restarted while everything changes', { timeout: 120_000 }, async () => {
  const seed = Number(process.env.FERRY_SEED ?? Date.now() % 100_000);
  const server = await phoenix();
  onTestFinished(() => server.stop());
  const local = join(emptyFolder(), 'local');
  mkdirSync(local);
  const churn = new Churn(local, seed);
  const random = randomFrom(seed + 1);
  const there = join(server.root, 'site');
  const watch = { settle: 50, rescan: 1e9, poll: 1e9, polling: false };
  const settings = job(server, local, { watch, maxDelete: { percent: 100 }, retries: 1 });
  const watching = startWatch(settings, emptyFolder());
  await watching.atRest();
  for (let n = 0; n < EVENTS; n++) {
    churn.step();
    if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, random() * 80));
    if (n % Math.floor(EVENTS / KILLS) === 20) await server.kill();
    if (n % Math.floor(EVENTS / KILLS) === 35) await server.rise();
  }
  await server.rise();
  // Without a rescan: what was missed would never come.
  await watching
    .until(() => differences(local, there).length === 0, `alike, with FERRY_SEED=${seed}`)
    .catch((error) => {
      expect(differences(local, there), error.message).toEqual([]);
    });
  expect(watching.summaries.every(({ exitCode }) => [0, 3, 5].includes(exitCode))).toBe(true);
});
