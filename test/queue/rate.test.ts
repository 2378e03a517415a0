import { expect, test } from 'vitest';
import { rateLimit } from '../../src/queue/rate.ts';

/** A clock that only sleeping moves. */
function clock() {
  let time = 0;
  return {
    now: () => time,
    sleep: async (ms: number) => {
      time += ms;
    },
  };
}

test('a megabyte at 100,000 bytes a second takes ten seconds, less the burst', async () => {
  const { now, sleep } = clock();
  const pace = rateLimit(100_000, now, sleep);
  for (let n = 0; n < 100; n++) await pace(10_000);
  expect(now()).toBeGreaterThanOrEqual(9_700);
  expect(now()).toBeLessThanOrEqual(10_000);
});

test('two callers share one limit', async () => {
  const { now, sleep } = clock();
  const pace = rateLimit(1000, now, sleep);
  for (let n = 0; n < 5; n++) {
    await pace(500);
    await pace(500);
  }
  expect(now()).toBeGreaterThanOrEqual(4_700);
});

test('what was not used is not saved up beyond a quarter second', async () => {
  const { now, sleep } = clock();
  const pace = rateLimit(1000, now, sleep);
  await sleep(60_000);
  const before = now();
  await pace(1000);
  expect(now() - before).toBeGreaterThanOrEqual(750);
});
