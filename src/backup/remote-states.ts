/** What there is of the past of a push job's remote folder, and letting go of what no rule keeps. */
import { endOf, keeps, type Manifest, missingBetween, type Release, timeOf } from '../act/manifest.ts';
import { thin } from '../act/thin.ts';
import { type State, statesOf } from '../act/thinning.ts';
import type { VersionShelf } from '../act/version-shelf.ts';
import type { JobSettings } from '../config/settings.ts';
import { printable, UntrustedError, UsageError } from '../model/index.ts';
import { keepOf } from '../sync/index.ts';
import { onServer, type SessionOptions } from './remote-session.ts';

/** What was in the remote folder from one push to the next that changed anything. */
export interface RemoteState {
  /** The time from which on it was so, UTC: `20261121T144158Z`; undefined for what was there before the first push. */
  readonly name: string | undefined;
  /** The time of the push that ended it; undefined for what is there now. */
  readonly until: string | undefined;
  /** Whether that push came to its end. */
  readonly ended: boolean;
  /** What is kept of it beside what later states have, too. */
  readonly files: number;
  readonly bytes: number;
  /** Why it cannot be restored; undefined where it can. */
  readonly trouble?: string;
}

/** The oldest first; the last is what is there now. @throws as {@link onServer}. */
export function remoteStates(job: JobSettings, options: SessionOptions): Promise<RemoteState[]> {
  return onServer(job, options, false, async ({ shelf }) => {
    const { whole } = await shelf.releases();
    const states: RemoteState[] = [
      { name: whole.length > 0 ? endOf(whole.at(-1)!) : undefined, until: undefined, ended: true, files: 0, bytes: 0 },
    ];
    // Each hangs on all later ones.
    let trouble: string | undefined;
    for (const [index, release] of [...whole.entries()].reverse()) {
      const read = await readOr(shelf, release);
      const manifest = 'kept' in read ? read : undefined;
      const kept = manifest?.kept.filter(keeps) ?? [];
      const before = whole[index - 1] && endOf(whole[index - 1]!);
      if ('trouble' in read) trouble ??= read.trouble;
      states.unshift({
        name: (manifest && missingBetween(before, manifest)) ?? before ?? manifest?.after,
        until: release.release,
        ended: manifest?.ended ?? false,
        files: kept.length,
        bytes: kept.reduce((sum, { was }) => sum + (was?.size ?? 0), 0),
        ...(trouble === undefined ? {} : { trouble }),
      });
      if (manifest) trouble ??= gapBetween(before, manifest);
    }
    return states;
  });
}

/** What it means that a release is not told of any more, where one is missing between these two. */
export function gapBetween(before: string | undefined, manifest: Manifest): string | undefined {
  const missing = missingBetween(before, manifest);
  if (missing === undefined) return undefined;
  return `what the push of ${missing} did, before that of ${manifest.release}, is not written down on the server any more, so that nobody can tell what was there before it`;
}

async function readOr(shelf: VersionShelf, release: Release): Promise<Manifest | { readonly trouble: string }> {
  try {
    return await shelf.read(release);
  } catch (error) {
    if (!(error instanceof UntrustedError)) throw error;
    return { trouble: error.message };
  }
}

export interface PruneRemoteOptions extends SessionOptions {
  readonly dryRun?: boolean;
}

export interface RemotePruning {
  /** The oldest first, with the rules by which each stays. */
  readonly states: readonly State[];
  /** What could not be let go; each was said as a warning, too. */
  readonly failures: readonly string[];
}

/** @throws UsageError where the job has no rules; as {@link onServer}. */
export async function pruneRemote(job: JobSettings, options: PruneRemoteOptions): Promise<RemotePruning> {
  const keep = keepOf(job) ?? {};
  const { dryRun = false, tell } = options;
  if (job.backup !== undefined && Object.keys(keep).length === 0) {
    throw new UsageError(
      `the job ${job.name} keeps everything; "backup": { "keep": { "daily": 7, "weekly": 4 } } says what is to stay`,
    );
  }
  return onServer(job, options, !dryRun, async ({ shelf }) => {
    if (!dryRun) return thin(shelf, keep, tell);
    return { states: statesOf((await shelf.releases()).whole, keep), failures: [] };
  });
}

/** What is asked for, as the releases that came after it, and what to say about it. */
export interface Chosen {
  /** The releases after it, the oldest first. */
  readonly after: readonly Release[];
  /** When it began; undefined where nobody knows. */
  readonly since: string | undefined;
  /** That something else was there at that very time, which is no longer kept, or may have been. */
  readonly instead?: string;
}

/** @param releases the oldest first @throws UsageError where nothing is kept of that time. */
export function chooseState(
  releases: readonly Release[],
  began: string | undefined,
  { snapshot, asOf }: { readonly snapshot?: string | undefined; readonly asOf?: number | undefined },
  job: string,
): Chosen {
  const sinces = [began, ...releases.map(endOf)];
  const list = `"ferry snapshots ${job}" lists what there is`;
  const chosen = (index: number): Chosen => ({ after: releases.slice(index), since: sinces[index] });
  if (snapshot !== undefined) {
    const index = sinces.indexOf(snapshot);
    if (index < 0) throw new UsageError(`there is no snapshot ${printable(snapshot)} of ${job}; ${list}`);
    return chosen(index);
  }
  if (asOf === undefined) return chosen(releases.length);
  // Of what was before the first push nobody knows how old it is.
  const index = sinces.findLastIndex((since, at) => (since === undefined ? at === 0 : timeOf(since) <= asOf));
  if (index < 0) {
    const at = new Date(asOf).toISOString().slice(0, 16).replace('T', ' ');
    throw new UsageError(`nothing of ${job} is kept of ${at} UTC: the oldest is of ${sinces[0]}; ${list}`);
  }
  const next = releases[index];
  if (next && sinces[index] === undefined && timeOf(next.release) > asOf) {
    const instead = `nobody knows since when: this is how it was before ${next.release}, the first push that kept anything`;
    return { ...chosen(index), instead };
  }
  if (!next || timeOf(next.release) > asOf) return chosen(index);
  const instead = `what was there then is no longer kept; this is how it was until ${next.release}`;
  return { ...chosen(index), instead };
}
