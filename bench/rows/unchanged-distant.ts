// The same 1,500 files again when nothing has changed: what a nightly run mostly does.
import type { Bench, Row } from '../bench.ts';
import { counted } from '../contestants.ts';
import { ferryUp } from '../ferry.ts';
import { type Finding, timeGoal } from '../finding.ts';
import { timed } from '../measure.ts';
import { lftpUp, lftpVersion, oneByOne, pipelined } from '../peers/lftp.ts';
import { onEach } from '../site.ts';
import { smallFiles } from '../trees.ts';

const roundTrip = 40;

export const unchangedDistant: Row = {
  name: 'unchanged-distant',
  title: `the same 1,500 files again, nothing changed, ${roundTrip} ms round trip`,
  async run(bench: Bench): Promise<Finding[]> {
    const tree = smallFiles(bench.newFolder('small'), bench.quick ? 500 : 1500);
    return await onEach(bench, ['vsftpd', 'proftpd'], { distant: true }, async (site) => {
      const distance = site.distance!;
      const state = bench.newFolder('state');
      const ours = site.at('/ferry');
      const theirs = site.at('/lftp');
      const settings = lftpVersion() === undefined ? [] : [pipelined, oneByOne];
      // What each has put there itself is what it meets again.
      await timed(ferryUp(tree.folder, ours, { state }));
      if (settings.length > 0) await timed(lftpUp(pipelined, tree.folder, theirs, bench.connections));
      await distance.setRoundTrip(roundTrip);

      const ferry = counted(site, {
        name: 'ferry',
        begin: () => ferryUp(tree.folder, ours, { state, profile: bench.profile }),
      });
      const first = counted(site, {
        name: 'ferry without a memory',
        begin: () => ferryUp(tree.folder, ours, { state: bench.newFolder('state') }),
      });
      const lftp = settings.map((setting) =>
        counted(site, {
          name: setting.name,
          begin: () => lftpUp(setting, tree.folder, theirs, bench.connections),
        }),
      );
      const told = await bench.against(ferry, lftp);
      const fresh = bench.profile === undefined ? [(await bench.against(first, [])).ferry] : [];
      return {
        work: this.title,
        server: site.server,
        ferry: told.ferry,
        peers: [...told.peers, ...fresh],
        goals: [timeGoal(told.ferry, told.peers, 'lftp', 0.6)],
        notes: [],
      };
    });
  },
};
