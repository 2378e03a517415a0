// The runs that most rows are made of: a folder carried to a place where nothing is, up or down, and looked at
// afterwards; over a distance, with a count of what passed.
import { rmSync } from 'node:fs';
import type { Bench } from './bench.ts';
import type { Contestant } from './contest.ts';
import type { Count } from './distant.ts';
import { ferryDown, ferryUp } from './ferry.ts';
import { type Command, DidNotWork } from './measure.ts';
import { type LftpSetting, lftpDown, lftpUp, lftpVersion } from './peers/lftp.ts';
import type { Place } from './place.ts';
import { likeness } from './same.ts';
import type { Site } from './site.ts';

export function freshUp(
  site: Site,
  from: string,
  name: string,
  command: (to: Place) => Command,
  onCount?: (count: Count) => void,
): Contestant {
  const to = site.at(`/${name.replaceAll(/\W+/g, '-')}`);
  const contestant: Contestant = {
    name,
    begin() {
      site.remove(to);
      return command(to);
    },
    end() {
      const told = judged(from, site.folderOf(to));
      site.remove(to);
      return told;
    },
  };
  return counted(site, contestant, onCount);
}

export function freshDown(
  bench: Bench,
  site: Site,
  from: Place,
  name: string,
  command: (to: string) => Command,
): Contestant {
  let to = '';
  return counted(site, {
    name,
    begin() {
      to = bench.newName('down');
      return command(to);
    },
    end() {
      const told = judged(site.folderOf(from), to);
      rmSync(to, { recursive: true, force: true });
      return told;
    },
  });
}

export function ferryFreshUp(bench: Bench, site: Site, from: string, onCount?: (count: Count) => void): Contestant {
  const command = (to: Place): Command =>
    ferryUp(from, to, { state: bench.newFolder('state'), profile: bench.profile });
  return freshUp(site, from, 'ferry', command, onCount);
}

export function ferryFreshDown(bench: Bench, site: Site, from: Place): Contestant {
  return freshDown(bench, site, from, 'ferry', (to) =>
    ferryDown(from, to, { state: bench.newFolder('state'), profile: bench.profile }),
  );
}

export function lftpFreshUp(bench: Bench, site: Site, from: string, settings: readonly LftpSetting[]): Contestant[] {
  if (lftpVersion() === undefined) return [];
  return settings.map((setting) =>
    freshUp(site, from, setting.name, (to) => lftpUp(setting, from, to, bench.connections)),
  );
}

export function lftpFreshDown(bench: Bench, site: Site, from: Place, settings: readonly LftpSetting[]): Contestant[] {
  if (lftpVersion() === undefined) return [];
  return settings.map((setting) =>
    freshDown(bench, site, from, setting.name, (to) => lftpDown(setting, from, to, bench.connections)),
  );
}

/** What it tells has the count of the line with it, where there is a line; `onCount` gets it as well. */
export function counted(site: Site, contestant: Contestant, onCount: (count: Count) => void = () => {}): Contestant {
  const { distance } = site;
  if (distance === undefined) return contestant;
  return {
    name: contestant.name,
    async begin(run) {
      const command = await contestant.begin(run);
      await distance.restartCount();
      return command;
    },
    async end(run) {
      const count = await distance.count();
      onCount(count);
      return [await contestant.end?.(run), spoken(count)].filter(Boolean).join('; ');
    },
  };
}

function spoken({ controlConnections, mostControl, dataConnections, turns, lateness }: Count): string {
  const logins = controlConnections > mostControl ? ` (${controlConnections} logins)` : '';
  return (
    `${mostControl} connections${logins}, ${dataConnections} data connections, ${turns} waits for an answer; ` +
    `the line was ${lateness.toFixed(1)} ms late`
  );
}

function judged(wanted: string, found: string): string {
  const { different, files, stamped } = likeness(wanted, found);
  if (different.length > 0) {
    throw new DidNotWork(`left ${different.length} of ${files} files different: ${different.slice(0, 3).join('; ')}`);
  }
  return `${stamped} of ${files} files have their times`;
}
