// Takes a lock so many times, against others that want it too. What it does under the lock shows if another does it at
// the same time. Every round is told on stdout: held, overlap, or how it failed.
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { acquireLock } from '../../../../dist/state/index.js';

const [directory, guarded, rounds, patience] = process.argv.slice(2);
const until = Date.now() + Number(patience);
for (let round = 0; round < Number(rounds); round++) {
  let lock;
  while (lock === undefined) {
    try {
      lock = await acquireLock(directory, { job: 'contest' });
    } catch (error) {
      if (error.code !== 'lock' || Date.now() > until) {
        writeSync(1, `lock-out: ${error.message}\n`);
        process.exit(1);
      }
      await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 20));
    }
  }
  try {
    closeSync(openSync(guarded, 'wx'));
    await new Promise((resolve) => setImmediate(resolve));
    unlinkSync(guarded);
    writeSync(1, 'held\n');
  } catch (error) {
    writeSync(1, `overlap: ${error.code}\n`);
  }
  await lock.release();
}
