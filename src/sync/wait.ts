/** Waits for a lock that another run on this machine holds, as long as the job says. */
import type { JobSettings } from '../config/settings.ts';
import { LockError, type Tell } from '../model/index.ts';
import { pause } from '../queue/index.ts';

/** How often it is tried, in ms. */
const PAUSE = 500;

/** @throws LockError once the time is over. */
export async function waitingFor<T>(
  take: () => Promise<T>,
  { wait = 0 }: Pick<JobSettings, 'wait'>,
  { tell, signal }: { readonly tell: Tell; readonly signal: AbortSignal },
): Promise<T> {
  const until = performance.now() + wait;
  let told = false;
  for (;;) {
    try {
      return await take();
    } catch (error) {
      const left = until - performance.now();
      if (!(error instanceof LockError) || left <= 0) throw error;
      if (!told) tell({ type: 'warning', message: `waiting: ${error.message}` });
      told = true;
      await pause(Math.min(PAUSE, left), signal);
    }
  }
}
