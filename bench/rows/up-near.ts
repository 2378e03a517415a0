// 4,500 small files to a server on the same machine: nothing to wait for, so what counts is the work done for a file.
import type { Bench, Row } from '../bench.ts';
import { ferryFreshUp, lftpFreshUp } from '../contestants.ts';
import { type Finding, timeGoal } from '../finding.ts';
import { oneByOne, pipelined } from '../peers/lftp.ts';
import { onEach } from '../site.ts';
import { smallFiles } from '../trees.ts';

export const upNear: Row = {
  name: 'up-near',
  title: '4,500 small files up, loopback',
  async run(bench: Bench): Promise<Finding[]> {
    const tree = smallFiles(bench.newFolder('small'), bench.quick ? 1500 : 4500);
    return await onEach(bench, ['vsftpd', 'proftpd'], {}, async (site) => {
      const { ferry, peers } = await bench.against(
        ferryFreshUp(bench, site, tree.folder),
        lftpFreshUp(bench, site, tree.folder, [pipelined, oneByOne]),
      );
      const goals = [timeGoal(ferry, peers, 'lftp', 1)];
      return { work: this.title, server: site.server, ferry, peers, goals, notes: [] };
    });
  },
};
