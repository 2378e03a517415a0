export { type Pace, rateLimit } from './rate.ts';
export { isRetryable, pause, retrying } from './retry.ts';
export { type Job, TransferQueue } from './transfers.ts';
