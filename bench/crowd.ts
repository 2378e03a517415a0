// `npm run crowd [-- CLIENTS TRANSFERS]`: that many clients at once (200), that many transfers (10,000) against `ferry serve` in a
// process of its own. Prints what was lost, and the server's memory along the way; exits 1 if anything was, or if it grew.
import { crowd } from '../test/server/crowd.ts';
import { projectFolder } from './ferry.ts';

const [clients = 200, transfers = 10_000] = process.argv.slice(2).map(Number);
const told = await crowd({ clients, transfers, program: `${projectFolder}/dist/cli/ferry.js` });
const megabytes = told.memory.map((bytes) => Math.round(bytes / 1e6));
// The first fifth is spent on growing to what so many clients need.
const [early, late] = [Math.max(...megabytes.slice(0, 4)), Math.max(...megabytes.slice(-3))];
const flat = !(late > early * 1.25 + 20);
process.stdout.write(
  `${clients} clients at once, ${told.uploads} uploads and ${told.downloads} downloads in ${told.seconds.toFixed(1)} s ` +
    `(${Math.round((told.uploads + told.downloads) / told.seconds)} a second)\n` +
    `lost: ${told.lost.length}${told.lost
      .slice(0, 5)
      .map((line) => `\n  ${line}`)
      .join('')}\n` +
    `the server's memory as each tenth was done, MB: ${megabytes.join(' ')}${flat ? '' : ' (it grows)'}\n`,
);
process.exitCode = told.lost.length === 0 && flat && told.exitCode === 143 ? 0 : 1;
