// Opens a memory for the first time over and over, each in a folder of its own, until it is killed.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { openMemory } from '../../../dist/state/index.js';

const [top] = process.argv.slice(2);
for (let i = 0; ; i++) {
  writeSync(1, `${i}\n`);
  const memory = await openMemory(join(top, String(i)));
  await memory.close();
}
