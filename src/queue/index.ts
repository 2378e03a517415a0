export { type Pace, rateLimit } from './rate.ts';
export { backoff, isRetryable, pause, retrying } from './retry.ts';
export { type Job, TransferQueue } from './transfers.ts';
