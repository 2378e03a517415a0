export { type Clock, systemClock } from './clock.ts';
export type { Trouble } from './notices.ts';
export { Settling } from './settling.ts';
export { Watcher, type WatcherOptions } from './watcher.ts';
