export { type Claim, claim } from './claim.ts';
export { type JobIdentity, jobFolder, stateFolder } from './folder.ts';
export { beginRun, type CurrentRun, foldersWithRuns, type PastRun, pastRuns, type RunAbout } from './history.ts';
export { acquireLock, breakLock, inspectLock, type Lock, type LockState } from './lock.ts';
export { openMemory } from './open-memory.ts';
export type { Owner } from './owner.ts';
export { memoryInRam } from './ram.ts';
export { heldRemote } from './remote/held-remote.ts';
export { openRemoteMemory } from './remote/open-remote-memory.ts';
export {
  acquireServerLock,
  breakServerLock,
  inspectServerLock,
  type ServerLock,
  sayHolder,
} from './remote/server-lock.ts';
export { OWN_FOLDER } from './remote/state-on-server.ts';
export { setMemoryAside } from './set-aside.ts';
