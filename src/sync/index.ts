export { apply } from './apply.ts';
export { type CheckReport, check } from './check.ts';
export { plan } from './make-plan.ts';
export { remoteOf, stateOf } from './pair.ts';
export { offersTls, plainTextWarning } from './plain-text.ts';
export { unlockRemote } from './remote-lock.ts';
export { powersOf, type RunOptions, run } from './run.ts';
export { verify } from './verify.ts';
export { type WatchOptions, watch } from './watch.ts';
