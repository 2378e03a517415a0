// Learns until it is killed, and says on stdout what was confirmed: the number of each agreement, a line each.
import { writeSync } from 'node:fs';
import { openMemory } from '../../../dist/state/index.js';

const [directory, from, inFlight] = process.argv.slice(2);
const memory = await openMemory(directory);
let next = Number(from);

async function learnOn() {
  for (;;) {
    const i = next++;
    const path = `d${i % 7}/${i}`;
    const stamps = { stat: `${i}:1` };
    await memory.learn({ path, kind: 'file', local: { size: i, stamps }, remote: { size: i, stamps: {} } });
    writeSync(1, `${i}\n`);
  }
}

await Promise.all(Array.from({ length: Number(inFlight) }, learnOn));
