/** `--adopt`: what was remembered about a job is put out of the way, and the run learns what agrees now. */
import type { JobSettings } from '../config/index.ts';
import { acquireLock, setMemoryAside } from '../state/index.ts';
import { stateOf } from '../sync/index.ts';
import type { Voice } from './voice.ts';

/** @throws LockError when a run holds the job; StateError. */
export async function adopt(job: JobSettings, { tell }: Voice): Promise<void> {
  const folder = stateOf(job);
  const lock = await acquireLock(folder, { job: job.name });
  try {
    const aside = await setMemoryAside(folder, new Date());
    for (const file of aside) tell({ type: 'warning', message: `what was remembered is kept at ${file}` });
  } finally {
    await lock.release();
  }
}
