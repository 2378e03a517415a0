// 100,000 files in 1,000 directories, the same on both sides: the time is that of looking.
import type { Bench, Row } from '../bench.ts';
import type { Contestant } from '../contest.ts';
import { ferryUp } from '../ferry.ts';
import { type Finding, memoryGoal, timeGoal } from '../finding.ts';
import { timed } from '../measure.ts';
import { rcloneUp, rcloneVersion } from '../peers/rclone.ts';
import { onEach } from '../site.ts';
import { sparseFiles } from '../trees.ts';

const options = ['--compare', 'size'];

export const many: Row = {
  name: 'many',
  title: '100,000 files in 1,000 directories, nothing changed, by size',
  async run(bench: Bench): Promise<Finding[]> {
    const tree = sparseFiles(bench.newFolder('many'), bench.quick ? 10_000 : 100_000, bench.quick ? 100 : 1000);
    return await onEach(bench, ['vsftpd', 'proftpd'], {}, async (site) => {
      const there = site.bring(tree.folder, '/many');
      const state = bench.newFolder('state');
      await timed(ferryUp(tree.folder, there, { state, options }));
      const ferry: Contestant = {
        name: 'ferry',
        begin: () => ferryUp(tree.folder, there, { state, options, profile: bench.profile }),
      };
      const first: Contestant = {
        name: 'ferry without a memory',
        begin: () => ferryUp(tree.folder, there, { state: bench.newFolder('state'), options }),
      };
      const rclone: Contestant = {
        name: 'rclone',
        begin: () => rcloneUp(tree.folder, there, bench.connections, '--size-only'),
      };
      const told = await bench.against(ferry, rcloneVersion() === undefined ? [] : [rclone]);
      const fresh = bench.profile === undefined ? [(await bench.against(first, [])).ferry] : [];
      return {
        work: this.title,
        server: site.server,
        ferry: told.ferry,
        peers: [...told.peers, ...fresh],
        goals: [timeGoal(told.ferry, told.peers, 'rclone', 1), memoryGoal(told.ferry, 150)],
        notes: [],
      };
    });
  },
};
