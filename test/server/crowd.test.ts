// A short slice of `npm run crowd`.
import { expect, test } from 'vitest';
import { FERRY } from '../cli/harness.ts';
import { crowd } from './crowd.ts';

test('two hundred clients at once: every file comes back as it went', async () => {
  const told = await crowd({ clients: 200, transfers: 1200, program: FERRY });
  expect(told.lost).toEqual([]);
  expect(told).toMatchObject({ uploads: 600, downloads: 600, files: 600, exitCode: 143 });
}, 120_000);
