export { parseAsOf, type Wanted } from './as-of.ts';
export { type BackupOptions, backup, onNewest, onNewestFinished } from './backup.ts';
export { nameOfTime, timeOfName } from './name.ts';
export { type Damage, inspect, type Overview, snapshotsOf, type Unfinished } from './overview.ts';
export type { Verdict } from './prune.ts';
export { type PruneOptions, prune } from './pruning.ts';
export { type RemoteRestoreOptions, restoreFromServer } from './remote-restore.ts';
export type { SessionOptions } from './remote-session.ts';
export {
  type PruneRemoteOptions,
  pruneRemote,
  type RemotePruning,
  type RemoteState,
  remoteStates,
} from './remote-states.ts';
export { type RestoreOptions, restore } from './restore.ts';
export { makesSnapshots, notABackup, type Oddity, type Snapshot } from './store.ts';
