/** What a backup does around the run itself: it works on a folder of its own, which becomes a snapshot at the end. */
import type { JobSettings } from '../config/settings.ts';
import { type Pair, type Tell, UsageError } from '../model/index.ts';

/** What the steps are given. */
export interface SnapshotScene {
  readonly signal: AbortSignal;
  readonly tell: Tell;
}

export interface SnapshotSteps {
  /** Makes the folder ready that the run works on. Called once the job's lock is held, before either side is opened. */
  prepare(scene: SnapshotScene): Promise<void>;
  /**
   * Makes a snapshot of it, called once both sides agree and not otherwise. Resolves with its name, and with what went
   * wrong after it was made. @throws where none was made.
   */
  finish(scene: SnapshotScene & { readonly pair: Pair }): Promise<{ readonly name: string; readonly trouble?: string }>;
}

/** What a run that made none says besides its reason. */
export const NO_SNAPSHOT = 'no snapshot was made, and the older ones are as they were';

/** @throws UsageError for a job whose local folder holds snapshots: a mirror of the server would mix with them. */
export function refuseMirror({ name, direction, backup }: JobSettings): void {
  if (backup === undefined || direction !== 'pull') return;
  throw new UsageError(
    `the job ${name} is a backup: its local folder holds snapshots, and is no mirror of the server; run: ferry backup ${name}`,
  );
}
