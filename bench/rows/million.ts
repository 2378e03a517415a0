// A million files, the same on both sides: memory must not grow with the tree. Smaller trees before it show whether it
// does.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Bench, Row } from '../bench.ts';
import { type Contestant, contest } from '../contest.ts';
import { ferryUp } from '../ferry.ts';
import type { Finding } from '../finding.ts';
import type { Place } from '../place.ts';
import { sparseFiles } from '../trees.ts';

const options = ['--compare', 'size'];
const each = 100;

export const million: Row = {
  name: 'million',
  title: 'a million files, nothing changed, by size',
  async run(bench: Bench): Promise<Finding[]> {
    const sizes = bench.quick ? [1000, 10_000] : [10_000, 100_000, 1_000_000];
    const found: Finding[] = [];
    for (const files of sizes) found.push(await look(bench, files));
    return found;
  },
};

async function look(bench: Bench, files: number): Promise<Finding> {
  process.stderr.write(`  ${files} files\n`);
  const folder = bench.newFolder('million');
  sparseFiles(folder, files, files / each);
  // Above this file, under the ending that this file has.
  const program = fileURLToPath(import.meta.url).replace(/rows\/million(\.\w+)$/, 'made-up$1');
  const server = fork(program, [String(files / each), String(each)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    const [{ port }] = (await once(server, 'message')) as [{ port: number }];
    const there: Place = { host: '127.0.0.1', port, user: 'tester', password: 'geheim-42', path: '/' };
    const state = bench.newFolder('state');
    const contestant = (name: string): Contestant => ({
      name,
      begin: () => ferryUp(folder, there, { state, options, profile: bench.profile }),
    });
    // Memory does not vary as times do: one run of each says it.
    const [first] = await contest([contestant('ferry, first run')], 1);
    const [ferry] = await contest([contestant('ferry')], 1);
    return {
      work: `${files.toLocaleString('en')} files, nothing changed, by size`,
      server: 'embedded',
      ferry: ferry!,
      peers: [first!],
      goals: [],
      notes: [],
    };
  } finally {
    server.disconnect();
    rmSync(folder, { recursive: true, force: true });
  }
}
