import { defineConfig } from 'vitest/config';
import { scratchFolder } from './test/builders/scratch.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 4,
    env: { TMPDIR: scratchFolder(4 * 2 ** 30) },
    // What runs side by side within a file mostly waits: for backoffs, and for deadlines.
    maxConcurrency: 8,
    // Real servers on a loaded machine: what fails once by the clock and then passes is no reason to hold up a landing.
    retry: process.env.CI ? 1 : 0,
  },
});
