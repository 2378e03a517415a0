/**
 * Where each record is in the store. A baseline key is `b NUL <directory> NUL <name>`, so that what is in a directory
 * stands together and is one range. No path has a NUL in it.
 */
import { joinPath, nameOf, parentOf, type RelPath } from '../model/index.ts';

/** Keys from `after` (not itself) to `before` (not itself), in the order of their UTF-8 bytes. */
export interface Range {
  readonly after: string;
  readonly before: string;
}

export const FORMAT_KEY = 'm\0format';
export const SESSION_KEY = 'm\0session';
export const AGREED_KEY = 'm\0agreed';
export const FLUSHED_KEY = 'm\0flushed';

export const BASELINE: Range = { after: 'b\0', before: 'b\x01' };
export const CHECKPOINTS: Range = { after: 'c\0', before: 'c\x01' };
export const TENTATIVES: Range = { after: 't\0', before: 't\x01' };
export const SWAPS: Range = { after: 's\0', before: 's\x01' };
/** Every record of a job: all but what the store notes about itself. */
export const RECORDS: readonly Range[] = [BASELINE, CHECKPOINTS, { after: 'n\0', before: 'n\x01' }, SWAPS, TENTATIVES];

export function baselineKey(path: RelPath): string {
  return `b\0${parentOf(path)}\0${nameOf(path)}`;
}

export function pathOfBaselineKey(key: string): RelPath {
  const [, parent = '', name = ''] = key.split('\0');
  return name === '' ? ('' as RelPath) : joinPath(parent as RelPath, name);
}

/** What is directly in a directory. */
export function childrenOf(directory: RelPath): Range {
  return { after: `b\0${directory}\0`, before: `b\0${directory}\x01` };
}

export function checkpointKey(path: RelPath, direction: 'upload' | 'download'): string {
  return `c\0${direction}\0${path}`;
}

export function swapKey(path: RelPath): string {
  return `s\0${path}`;
}

export function tentativeKey(path: RelPath): string {
  return `t\0${path}`;
}

export function noteKey(key: string): string {
  return `n\0${key}`;
}
