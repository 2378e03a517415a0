/** The library's front door. */
export {
  type CallOptions,
  createFerry,
  type EventOf,
  type EventType,
  type Ferry,
  type RunCallOptions,
  type Verification,
} from './create-ferry.ts';
export type { CommonOptions, FerryOptions, JobOptions, PairOptions, SettledOptions } from './options.ts';
export { Running } from './running.ts';
