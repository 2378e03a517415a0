/**
 * Kept versions (`keepVersions`, `backup`): what a run replaces or deletes on the server is renamed into
 * `.ferry/versions/<UTC time>/`, so that no byte travels, and a manifest beside it says what the run set out to do. How
 * many stay, `keep` says.
 */
import type { Keep } from '../diff/index.ts';
import {
  type Action,
  type Fingerprint,
  GuardError,
  isTransfer,
  type Lane,
  lineage,
  type Pair,
  parentOf,
  type RelPath,
  ReplyError,
  ROOT,
  type Tell,
} from '../model/index.ts';
import { OWN_FOLDER } from '../state/index.ts';
import { sameVersion } from '../transfer/index.ts';
import { folderOf, isHash, type Kept, keeps, keptPath, type Manifest, stampOf, timeOf, VERSIONS } from './manifest.ts';
import { thin } from './thin.ts';
import { VersionShelf } from './version-shelf.ts';

export interface VersionsOptions {
  readonly pair: Pair;
  readonly job: string;
  /** Which states stay. */
  readonly keep: Keep;
  readonly tell: Tell;
  readonly signal: AbortSignal;
  readonly now: Date;
  readonly rollbackOf?: string;
}

export class Versions {
  readonly #options: VersionsOptions;
  readonly #shelf: VersionShelf;
  #release: string | undefined;
  #manifest: Manifest | undefined;
  /** Where something else was found on the server than was listed, and left as it is. */
  readonly #spared = new Set<RelPath>();

  constructor(options: VersionsOptions) {
    this.#options = options;
    this.#shelf = new VersionShelf(options);
  }

  /** Where the old version of a file goes. */
  pathOf(path: RelPath): RelPath {
    return keptPath(this.#release ?? stampOf(this.#options.now), path);
  }

  /** Takes note that an action was not carried out, as the server holds something else than it had listed. */
  spared(action: Action): void {
    if (isTransfer(action)) this.#spared.add(action.alias ?? action.path);
  }

  /** Makes ready to keep what these actions replace or delete. Nothing where they change nothing. */
  async begin(actions: readonly Action[]): Promise<void> {
    await this.keep(await this.#keptOf(actions));
  }

  async keep(kept: readonly Kept[]): Promise<void> {
    if (kept.length === 0) return;
    const { pair, job, now, rollbackOf } = this.#options;
    // Never before one that is there: the clock of another machine may be ahead, and the newest are found by their names.
    const { any: newest, own: before } = await this.#shelf.newest();
    const release = stampOf(newest === undefined ? now : new Date(Math.max(now.getTime(), timeOf(newest) + 1000)));
    this.#release = release;
    this.#manifest = {
      version: 1,
      job,
      release,
      ...(before === undefined ? {} : { after: before }),
      ...(rollbackOf === undefined ? {} : { rollbackOf }),
      kept,
    };
    await this.#shelf.withLane((lane) => this.#prepare(lane, this.#manifest!));
    await pair.memory.flush();
  }

  async #prepare(lane: Lane, manifest: Manifest): Promise<void> {
    const { release, kept } = manifest;
    const folders = new Set<RelPath>([folderOf(release)]);
    for (const one of kept) {
      if (!keeps(one)) continue;
      for (const above of [...lineage(parentOf(one.path))].reverse())
        if (above !== ROOT) folders.add(keptPath(release, above));
    }
    try {
      await Promise.all([OWN_FOLDER, VERSIONS].map((folder) => lane.makeDirectory(folder)));
      await this.#shelf.write(lane, manifest, folders);
    } catch (error) {
      if (!(error instanceof ReplyError) || error.retryable) throw error;
      throw new GuardError(
        `old versions cannot be kept on the server: ${error.message}. Nothing was changed. Ferry needs to write below ${VERSIONS} in the remote folder; or leave "keepVersions" and "backup" out`,
        { cause: error },
      );
    }
  }

  /** Notes what became of it, and removes what is too old. What cannot be removed is said, and no reason to fail. */
  async end(): Promise<void> {
    const manifest = this.#manifest;
    if (manifest === undefined) return;
    const { keep, tell, pair } = this.#options;
    // To say that nothing was there before would make older states lack what was only not listed.
    const held = manifest.kept.filter(({ did, path }) => did !== 'added' || !this.#spared.has(path));
    const kept = await Promise.all(
      held.map(async (one) => {
        const agreed = one.did === 'made' ? undefined : await pair.memory.get(one.path);
        return agreed ? { ...one, now: agreed.remote } : one;
      }),
    );
    await this.#shelf.withLane((lane) => this.#shelf.write(lane, { ...manifest, ended: true, kept }));
    // To take one back is no reason to let an older one go.
    if (this.#options.rollbackOf === undefined) await thin(this.#shelf, keep, tell);
  }

  async #keptOf(actions: readonly Action[]): Promise<Kept[]> {
    const { memory } = this.#options.pair;
    const kept: Kept[] = [];
    const old = async (path: RelPath, was: Fingerprint) => {
      const agreed = await memory.get(path);
      const known = isHash(agreed?.sha256) && sameVersion(agreed.remote, was);
      return { path, was, ...(known ? { sha256: agreed.sha256 } : {}) };
    };
    for (const action of actions) {
      if (isTransfer(action)) {
        if (action.action !== 'upload') continue;
        const path = action.alias ?? action.path;
        if (action.replaces) kept.push({ did: 'replaced', ...(await old(path, action.replaces)) });
        else kept.push({ did: 'added', path });
      } else if (action.side === 'remote') {
        const { path } = action;
        if (action.action === 'mkdir') kept.push({ did: 'made', path });
        else if (action.action === 'rename')
          kept.push({ did: 'renamed', path, from: action.from, was: action.expected });
        else if (action.kind === 'file') kept.push({ did: 'deleted', ...(await old(path, action.expected)) });
      }
    }
    return kept;
  }
}
