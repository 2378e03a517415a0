/** Who is put through the trials: Ferry, or for comparison another tool that keeps two folders alike. */
import type { JobSettings } from '../../../src/config/settings.ts';
import type { RunOptions } from '../../../src/sync/index.ts';
import { type Performed, perform } from '../../builders/perform.ts';

export interface Subject {
  readonly name: string;
  /** Whether it remembers nothing, and so sees no edit that keeps size and second. */
  readonly forgetful: boolean;
  run(job: JobSettings, state: string, options?: Partial<RunOptions>): Promise<Performed>;
}

export const ferry: Subject = { name: 'ferry', forgetful: false, run: perform };

let current = ferry;

export const subject = (): Subject => current;

export function putThrough(other: Subject): void {
  current = other;
}
