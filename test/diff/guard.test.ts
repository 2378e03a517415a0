/** What is refused before anything is touched. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GuardInput, guard } from '../../src/diff/index.ts';
import { RUNS } from './generate.ts';

const CALM: GuardInput = {
  deletes: 0,
  destinationTotal: 100,
  sourceTotal: 100,
  baselineTotal: 100,
  sourceMissing: false,
  sourceIncomplete: [],
  maxDelete: 'default',
};

const CASES: readonly [string, Partial<GuardInput>, RegExp | null][] = [
  ['nothing to delete', {}, null],
  ['a quarter', { deletes: 25 }, null],
  [
    'more than a quarter',
    { deletes: 30 },
    /^30 of 100 files would be deleted \(30 %\), more than 25 % and 10; allow it with --max-delete 30 or --max-delete 30%$/,
  ],
  ['ten of ten: few enough', { deletes: 10, destinationTotal: 10 }, null],
  ['eleven of eleven', { deletes: 11, destinationTotal: 11 }, /11 of 11 files .*--max-delete 11 or --max-delete 100%/],
  ['a count that is kept', { deletes: 3, maxDelete: { count: 3 } }, null],
  [
    'a count that is exceeded',
    { deletes: 4, maxDelete: { count: 3 } },
    /4 of 100 files .* more than 3; .*--max-delete 4 /,
  ],
  ['none allowed', { deletes: 1, maxDelete: { count: 0 } }, /more than 0/],
  ['a share that is kept', { deletes: 50, maxDelete: { percent: 50 } }, null],
  [
    'a share that is exceeded, however few they are',
    { deletes: 2, destinationTotal: 3, maxDelete: { percent: 50 } },
    /2 of 3 files .*67 %.* more than 50 %.*--max-delete 67%/,
  ],
  ['every one allowed', { deletes: 100, maxDelete: { percent: 100 } }, null],
  ['every one allowed, and the directories', { deletes: 3, destinationTotal: 2, maxDelete: { percent: 100 } }, null],
  ['nothing of nothing', { destinationTotal: 0, baselineTotal: 0, sourceTotal: 0, maxDelete: { percent: 0 } }, null],
  ['a source that does not exist', { sourceMissing: true, sourceTotal: 0 }, /the source does not exist/],
  [
    'a source that does not exist, though it may be empty',
    { sourceMissing: true, allowEmptySource: true },
    /the source does not exist/,
  ],
  [
    'an emptied source',
    { sourceTotal: 0, deletes: 0 },
    /the source holds no files at all, but the destination holds 100; is it mounted\? Allow it with --allow-empty-source/,
  ],
  [
    'an emptied source, known from the last run only',
    { sourceTotal: 0, destinationTotal: 0, baselineTotal: 2 },
    /but the last run left 2/,
  ],
  ['an emptied source of one file', { sourceTotal: 0, destinationTotal: 1, baselineTotal: 1, deletes: 1 }, null],
  ['an emptied source that is meant', { sourceTotal: 0, allowEmptySource: true }, null],
  [
    'a source that could not be read where deletes depend on it',
    { sourceIncomplete: [{ path: '' as never, because: 'cut' }] },
    /listing of its root may be incomplete \(cut\)/,
  ],
];

describe('guard', () => {
  it.each(CASES)('%s', (_, input, reason) => {
    const verdict = guard({ ...CALM, ...input });
    expect(verdict.refused).toBe(reason !== null);
    if (reason) expect(verdict.reasons.join('\n')).toMatch(reason);
    else expect(verdict.reasons).toEqual([]);
  });

  it('what a message says would allow it, does', () => {
    const limit = fc.oneof(
      fc.constant('default' as const),
      fc.nat(50).map((count) => ({ count })),
      fc.nat(100).map((percent) => ({ percent })),
    );
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), limit, (total, some, maxDelete) => {
        const deletes = Math.min(some, total);
        const { refused, reasons } = guard({ ...CALM, deletes, destinationTotal: total, maxDelete });
        const share = total === 0 ? 0 : (deletes * 100) / total;
        const over =
          maxDelete === 'default'
            ? deletes > 10 && share > 25
            : 'count' in maxDelete
              ? deletes > maxDelete.count
              : share > maxDelete.percent;
        expect(refused).toBe(over);
        const [, count, percent] = /--max-delete (\d+) or --max-delete (\d+)%/.exec(reasons.join()) ?? [];
        if (!refused) return;
        for (const allowed of [{ count: Number(count) }, { percent: Number(percent) }])
          expect(guard({ ...CALM, deletes, destinationTotal: total, maxDelete: allowed }).refused).toBe(false);
      }),
      { numRuns: RUNS * 5 },
    );
  });
});
