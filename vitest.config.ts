import { defineConfig } from 'vitest/config';
import { scratchFolder } from './test/builders/scratch.ts';

/** Tests of what a process has once: the secrets that it knows, its arguments, its environment. */
const OF_THE_PROCESS = ['cli', 'config', 'hand', 'hooks', 'library'].map((room) => `test/${room}/**/*.test.ts`);

export default defineConfig({
  test: {
    maxWorkers: 4,
    // Real servers on a loaded machine: what fails once by the clock and then passes is no reason to hold up a landing.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    env: { TMPDIR: scratchFolder(4 * 2 ** 30) },
    // What runs side by side within a file mostly waits: for backoffs, and for deadlines.
    maxConcurrency: 8,
    projects: [
      { extends: true, test: { name: 'process', include: OF_THE_PROCESS } },
      // A process for each file would take a third of a second of processor more, and there are many files.
      {
        extends: true,
        test: { name: 'rooms', include: ['test/**/*.test.ts'], exclude: OF_THE_PROCESS, isolate: false },
      },
    ],
  },
});
