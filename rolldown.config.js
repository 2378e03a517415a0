// The command in one file: Node then starts in half the time. `dist/cli/main.js` is the same in its parts, as is the
// library. What others wrote and is in that file is named in `dist/cli/THIRD-PARTY.txt`, with its license.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Loads its native part from its own folder. */
const NATIVE = /^classic-level$/;

export default {
  input: 'dist/cli/main.js',
  platform: 'node',
  external: NATIVE,
  plugins: [
    { name: 'licenses', generateBundle: (_, bundle) => writeFileSync('dist/cli/THIRD-PARTY.txt', notices(bundle)) },
  ],
  output: { file: 'dist/cli/ferry.js', format: 'esm', codeSplitting: false },
};

function notices(bundle) {
  const folders = new Set();
  for (const { moduleIds = [] } of Object.values(bundle))
    for (const id of moduleIds) {
      const [folder] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? [];
      if (folder) folders.add(folder);
    }
  return [...folders].sort().map(notice).join('\n\n');
}

function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (!file) throw new Error(`${name} has no license file`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}
