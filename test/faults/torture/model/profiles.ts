/** Kinds of servers by what they can tell and do, each a way for our own to imitate them. */
import type { ServerOptions } from '../../../../src/server/index.ts';

export interface Profile {
  readonly options: Partial<ServerOptions>;
  /**
   * ms by which two times must differ to be told apart on it. Of versions with the same size, times that are closer are
   * the known LIMIT (docs/torture.md), so that the model makes none.
   */
  readonly grain: number;
  /**
   * Whether nothing but its size is known of a file that was sent there, until a later run has seen it listed: an edit
   * that keeps the size is the known LIMIT then, which the summary counts (`sameBySize`).
   */
  readonly sizesOnly?: true;
}

const NO_SET = ['MFMT', 'MFF', 'MDTM SET', 'SITE UTIME'];
const HOUR = 3_600_000;

export const PROFILES = {
  modern: { options: {}, grain: 1 },
  seconds: { options: { fractions: false }, grain: 1_000 },
  'times cannot be set': { options: { fractions: false, withoutFeatures: NO_SET }, grain: 1_000 },
  'LIST and MDTM, two hours east': {
    options: { fractions: false, withoutFeatures: ['MLSD'], listZone: 120 },
    grain: 1_000,
  },
  'LIST and MDTM, an hour slow, times cannot be set': {
    options: { fractions: false, withoutFeatures: ['MLSD', ...NO_SET], clockOffset: -HOUR },
    grain: 1_000,
  },
  'LIST alone, five hours west': {
    options: { fractions: false, withoutFeatures: ['MLSD', 'MDTM', ...NO_SET], listZone: -300 },
    grain: 60_000,
    sizesOnly: true,
  },
  'DOS, no renaming over': {
    options: { fractions: false, withoutFeatures: ['MLSD', ...NO_SET], listDialect: 'dos', noRenameOver: true },
    grain: 1_000,
  },
  'no REST, no hashes, three days slow': {
    options: { fractions: false, withoutFeatures: ['REST STREAM', 'HASH'], clockOffset: -72 * HOUR },
    grain: 1_000,
  },
} as const satisfies Record<string, Profile>;
