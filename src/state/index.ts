export { type JobIdentity, jobFolder, stateFolder } from './folder.ts';
export { acquireLock, breakLock, inspectLock, type Lock, type LockState } from './lock.ts';
export { openMemory } from './open-memory.ts';
export type { Owner } from './owner.ts';
export { memoryInRam } from './ram.ts';
export { setMemoryAside } from './set-aside.ts';
