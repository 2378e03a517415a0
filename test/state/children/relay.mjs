// Takes the lock again and again. What it does under the lock shows if another does it at the same time.
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { acquireLock } from '../../../dist/state/index.js';

const [directory, guarded, until] = process.argv.slice(2);
while (Date.now() < Number(until)) {
  let lock;
  try {
    lock = await acquireLock(directory, { job: 'relay' });
  } catch {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    continue;
  }
  try {
    closeSync(openSync(guarded, 'wx'));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    unlinkSync(guarded);
    writeSync(1, 'held\n');
  } catch (error) {
    writeSync(1, `two at once: ${error.code}\n`);
  }
  // Every third time it ends like a kill would have it, with the lock left behind.
  if (Math.random() < 1 / 3) process.kill(process.pid, 'SIGKILL');
  await lock.release();
}
