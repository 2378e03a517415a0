// 4,500 small files from a server, near and far.
import type { Bench, Row } from '../bench.ts';
import { ferryFreshDown, lftpFreshDown } from '../contestants.ts';
import { type Finding, timeGoal } from '../finding.ts';
import { oneByOne, pipelined } from '../peers/lftp.ts';
import { onEach } from '../site.ts';
import { smallFiles } from '../trees.ts';

function down(name: string, title: string, roundTrip: number, limit: number): Row {
  return {
    name,
    title,
    async run(bench: Bench): Promise<Finding[]> {
      const tree = smallFiles(bench.newFolder('small'), bench.quick ? 500 : 4500);
      return await onEach(bench, ['vsftpd', 'proftpd'], { distant: roundTrip > 0 }, async (site) => {
        const from = site.bring(tree.folder, '/tree');
        await site.distance?.setRoundTrip(roundTrip);
        const { ferry, peers } = await bench.against(
          ferryFreshDown(bench, site, from),
          lftpFreshDown(bench, site, from, [pipelined, oneByOne]),
        );
        const goals = [timeGoal(ferry, peers, 'lftp', limit)];
        return { work: title, server: site.server, ferry, peers, goals, notes: [] };
      });
    },
  };
}

export const downNear = down('down-near', '4,500 small files down, loopback', 0, 1);
export const downDistant = down('down-distant', '4,500 small files down, 40 ms round trip', 40, 0.8);
