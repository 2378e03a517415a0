// One file of 2 GiB, up and down: how much one connection carries.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, Row } from '../bench.ts';
import { type Contestant, quickest, type Tally, typical } from '../contest.ts';
import { ferryFreshDown, ferryFreshUp, freshDown, freshUp } from '../contestants.ts';
import { type Finding, type Goal, memoryGoal } from '../finding.ts';
import { curlDown, curlUp, curlVersion } from '../peers/curl.ts';
import type { Place } from '../place.ts';
import { onEach, type Site } from '../site.ts';
import { largeFileName, oneLargeFile, type Tree } from '../trees.ts';

const file = (place: Place): Place => ({ ...place, path: `${place.path}/${largeFileName}` });

export const large: Row = {
  name: 'large',
  title: 'one 2 GiB file, loopback',
  async run(bench: Bench): Promise<Finding[]> {
    const tree = oneLargeFile(bench.newFolder('large'), bench.quick ? 2 ** 28 : 2 ** 31);
    const found = await onEach(bench, ['pure-ftpd', 'vsftpd'], {}, async (site) => [
      await up(bench, site, tree),
      await down(bench, site, tree),
    ]);
    return found.flat();
  },
};

async function up(bench: Bench, site: Site, tree: Tree): Promise<Finding> {
  const curl: Contestant = freshUp(site, tree.folder, 'curl', (to) => {
    mkdirSync(site.folderOf(to));
    return curlUp(join(tree.folder, largeFileName), file(to));
  });
  const told = await bench.against(ferryFreshUp(bench, site, tree.folder), curlVersion() === undefined ? [] : [curl]);
  return finding('one 2 GiB file up, loopback', site, tree, told);
}

async function down(bench: Bench, site: Site, tree: Tree): Promise<Finding> {
  const from = site.bring(tree.folder, '/large');
  const curl: Contestant = freshDown(bench, site, from, 'curl', (to) => {
    mkdirSync(to);
    return curlDown(file(from), join(to, largeFileName));
  });
  const told = await bench.against(ferryFreshDown(bench, site, from), curlVersion() === undefined ? [] : [curl]);
  site.remove(from);
  return finding('one 2 GiB file down, loopback', site, tree, told);
}

function finding(work: string, site: Site, { bytes }: Tree, told: { ferry: Tally; peers: Tally[] }): Finding {
  const { ferry, peers } = told;
  const best = quickest(peers);
  const share = best === undefined ? Number.NaN : typical(best, 'seconds') / typical(ferry, 'seconds');
  const goals: Goal[] = [
    { of: "of curl's throughput", value: share, bound: 'at least', limit: 0.8 },
    memoryGoal(ferry, 120),
  ];
  const pace = [ferry, ...peers].map((one) => `${one.name} ${(bytes / typical(one, 'seconds') / 1e6).toFixed(0)} MB/s`);
  return { work, server: site.server, ferry, peers, goals, notes: [`${pace.join(', ')}.`] };
}
