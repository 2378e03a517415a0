/**
 * Whole sequences of edits on both sides, runs, faults, kills and lost memories, against an oracle that knows what every
 * user has written and given up. The engine, the local folder and the FTP on the wire are the real ones; the server is
 * ours on a disk in memory. A sequence that fails is made as short as it gets, and said with what replays it.
 */
import type { Harness } from './harness.ts';
import { type Sequence, sequence } from './model/steps.ts';
import { type Sabotage, walk } from './model/walk.ts';
import { type Kind, walkSequences } from './sequences.ts';

export const MODEL: Kind<Sequence, Sabotage> = { name: 'model', sequence, walk, many: 20_000, few: 15 };

export const model: Harness = { name: MODEL.name, run: (options) => walkSequences(MODEL, options) };
