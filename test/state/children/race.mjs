// Waits for the starting shot, then tries to get the lock, says how it went, and keeps what it got until it is ended.
import { readFileSync, writeSync } from 'node:fs';
import { acquireLock } from '../../../dist/state/index.js';

const [directory, shot] = process.argv.slice(2);
const nap = new Int32Array(new SharedArrayBuffer(4));
writeSync(1, 'ready\n');
for (;;) {
  try {
    readFileSync(shot);
    break;
  } catch {}
  Atomics.wait(nap, 0, 0, 2);
}
try {
  await acquireLock(directory, { job: 'race' });
  writeSync(1, 'won\n');
} catch (error) {
  writeSync(1, `${error.code}: ${error.message}\n`);
}
setInterval(() => {}, 1000);
