// 1,500 small files to a distant server, into an empty folder. Ferry checks, stamps and renames each of them.
import type { Bench, Row } from '../bench.ts';
import { typical } from '../contest.ts';
import { ferryFreshUp, lftpFreshUp } from '../contestants.ts';
import { type Finding, timeGoal } from '../finding.ts';
import { oneByOne, pipelined } from '../peers/lftp.ts';
import { onEach } from '../site.ts';
import { smallFiles } from '../trees.ts';

const roundTrip = 40;
/** vsftpd takes one more for each file. */
const tripsAllowed = { vsftpd: 4.3, proftpd: 3.3 } as const;

export const upDistant: Row = {
  name: 'up-distant',
  title: `1,500 small files up, ${roundTrip} ms round trip, 8 connections, verified, stamped, atomic`,
  async run(bench: Bench): Promise<Finding[]> {
    const tree = smallFiles(bench.newFolder('small'), bench.quick ? 500 : 1500);
    return await onEach(bench, ['vsftpd', 'proftpd'], { distant: true }, async (site) => {
      await site.distance!.setRoundTrip(roundTrip);
      let connections = Number.NaN;
      const { ferry, peers } = await bench.against(
        ferryFreshUp(bench, site, tree.folder, (count) => {
          connections = count.mostControl;
        }),
        lftpFreshUp(bench, site, tree.folder, [pipelined, oneByOne]),
      );
      const trips = typical(ferry, 'seconds') / (tree.files / connections) / (roundTrip / 1000);
      const limit = site.server.startsWith('vsftpd') ? tripsAllowed.vsftpd : tripsAllowed.proftpd;
      return {
        work: this.title,
        server: site.server,
        ferry,
        peers,
        goals: [
          timeGoal(ferry, peers, 'lftp', 0.55),
          { of: 'round trips a file and connection', value: trips, bound: 'at most', limit },
        ],
        notes: [],
      };
    });
  },
};
