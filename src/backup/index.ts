export { parseAsOf, type Wanted } from './as-of.ts';
export { type BackupOptions, backup, onNewest, onNewestFinished } from './backup.ts';
export { nameOfTime, timeOfName } from './name.ts';
export { type Damage, inspect, type Overview, overview } from './overview.ts';
export type { Verdict } from './prune.ts';
export { type PruneOptions, prune } from './pruning.ts';
export { type RestoreOptions, restore } from './restore.ts';
export { notABackup, type Oddity, type Snapshot } from './store.ts';
