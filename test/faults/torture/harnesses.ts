/** Every harness of the bench, in the order in which their lines are printed. */

import { backup } from './backup.ts';
import { diff } from './diff.ts';
import { disk } from './disk.ts';
import { full } from './full.ts';
import { fuzz } from './fuzz.ts';
import type { Harness } from './harness.ts';
import { kills } from './kills.ts';
import { lies } from './lies.ts';
import { locks } from './locks.ts';
import { model } from './model.ts';
import { names } from './names.ts';
import { proxy } from './proxy.ts';
import { scripted } from './scripted.ts';

export const HARNESSES: readonly Harness[] = [
  proxy,
  scripted,
  lies,
  kills,
  diff,
  model,
  backup,
  fuzz,
  names,
  disk,
  full,
  locks,
];
