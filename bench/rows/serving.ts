// `ferry serve` beside pyftpdlib: the same clients do the same work on both.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, Row } from '../bench.ts';
import { type Contestant, quickest, typical } from '../contest.ts';
import { freshDown, freshUp } from '../contestants.ts';
import type { Finding, Goal } from '../finding.ts';
import { curlDown, curlUp, curlVersion } from '../peers/curl.ts';
import { lftpDown, lftpUp, lftpVersion, oneByOne, pipelined } from '../peers/lftp.ts';
import type { Place } from '../place.ts';
import { ferryServing, pyftpdlibServing, type Serving, withServerCost } from '../serving.ts';
import { missingServer } from '../site.ts';
import { largeFileName, oneLargeFile, smallFiles } from '../trees.ts';

/** What is done, by which client, on a server of either kind. */
interface Work {
  readonly title: string;
  readonly client: string;
  /** Of the throughput of pyftpdlib. */
  readonly least: number;
  contestant(site: Serving): Contestant;
}

export const servingRow: Row = {
  name: 'serving',
  title: 'ferry serve beside pyftpdlib: a 2 GiB file by curl, 4,500 small files by lftp',
  async run(bench: Bench): Promise<Finding[]> {
    const why = missingServer('pyftpdlib');
    if (why !== undefined) process.stderr.write(`  pyftpdlib is left out: ${why}\n`);
    const ours = await ferryServing(bench);
    const theirs = why === undefined ? await pyftpdlibServing(bench) : undefined;
    const findings: Finding[] = [];
    try {
      for (const work of [...(await large(bench)), ...(await small(bench))]) {
        process.stderr.write(`  ${work.title}\n`);
        findings.push(await compare(bench, work, ours, theirs));
      }
    } finally {
      await ours.close();
      await theirs?.close();
    }
    return findings;
  },
};

async function compare(bench: Bench, work: Work, ours: Serving, theirs: Serving | undefined): Promise<Finding> {
  const rivals = theirs === undefined ? [] : [withServerCost(theirs, work.contestant(theirs))];
  const { ferry, peers } = await bench.against(withServerCost(ours, work.contestant(ours)), rivals);
  const best = quickest(peers);
  const share = best === undefined ? Number.NaN : typical(best, 'seconds') / typical(ferry, 'seconds');
  const goals: Goal[] = [{ of: "of pyftpdlib's throughput", value: share, bound: 'at least', limit: work.least }];
  return { work: work.title, server: work.client, ferry, peers, goals, notes: [] };
}

async function large(bench: Bench): Promise<Work[]> {
  if (curlVersion() === undefined) return [];
  const tree = oneLargeFile(bench.newFolder('large'), bench.quick ? 2 ** 28 : 2 ** 31);
  const file = (place: Place): Place => ({ ...place, path: `${place.path}/${largeFileName}` });
  const up = (site: Serving) =>
    freshUp(site, tree.folder, site.name, (to) => {
      mkdirSync(site.folderOf(to));
      return curlUp(join(tree.folder, largeFileName), file(to));
    });
  const down = (site: Serving) => {
    const from = site.bring(tree.folder, '/large');
    return freshDown(bench, site, from, site.name, (to) => {
      mkdirSync(to);
      return curlDown(file(from), join(to, largeFileName));
    });
  };
  return [
    { title: 'serving: one 2 GiB file up', client: 'curl', least: 0.8, contestant: up },
    { title: 'serving: one 2 GiB file down', client: 'curl', least: 0.8, contestant: down },
  ];
}

async function small(bench: Bench): Promise<Work[]> {
  if (lftpVersion() === undefined) return [];
  const tree = smallFiles(bench.newFolder('small'), bench.quick ? 1500 : 4500);
  return [oneByOne, pipelined].flatMap((setting): Work[] => {
    const client = `${setting.name}, ${bench.connections} connections`;
    return [
      {
        title: 'serving: 4,500 small files up',
        client,
        least: 1,
        contestant: (site) =>
          freshUp(site, tree.folder, site.name, (to) => lftpUp(setting, tree.folder, to, bench.connections)),
      },
      {
        title: 'serving: 4,500 small files down',
        client,
        least: 1,
        contestant(site) {
          const from = site.bring(tree.folder, '/small');
          return freshDown(bench, site, from, site.name, (to) => lftpDown(setting, from, to, bench.connections));
        },
      },
    ];
  });
}
