/** One-off work on a server, for the verbs of the command line and for its shell. */
export { changeMode, look, type MoveRules, makeFolders, move, touch } from './change.ts';
export { type CopyRequest, copy, type Prepared } from './copy.ts';
export { each } from './each.ts';
export { planGet } from './get.ts';
export { followed, lookAt } from './look.ts';
export { expand, isPattern, literalPath, type Match, NoMatchError } from './pattern.ts';
export type { CopyRules } from './plan.ts';
export { type PutTarget, planPut } from './put.ts';
export { onLane, type RemoveRules, remove, removeFolders } from './remove.ts';
export { fill, pour } from './stream.ts';
export { literalName, matcher } from './wildcard.ts';
export type { Work } from './work.ts';
