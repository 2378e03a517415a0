import { describe, expect, test } from 'vitest';
import { summaryText } from '../../src/report/index.ts';
import { counts } from './events.ts';

describe('the summary', () => {
  test.each([
    [
      'a push',
      { uploaded: 3, bytesSent: 1_234_567, unchanged: 4446 },
      '3 uploaded (1.2 MB), 4,446 unchanged, 0 deleted in 0.9 s',
    ],
    ['nothing to do', { unchanged: 4446 }, '0 uploaded, 4,446 unchanged, 0 deleted in 0.9 s'],
    ['a pull', { downloaded: 1, bytesReceived: 5, deleted: 2 }, '1 downloaded (5 B), 0 unchanged, 2 deleted in 0.9 s'],
    [
      'both ways',
      { uploaded: 1, bytesSent: 1, downloaded: 2, bytesReceived: 2, renamed: 1, seconds: 61 },
      '1 uploaded (1 B), 2 downloaded (2 B), 1 renamed, 0 unchanged, 0 deleted in 1 min 01 s',
    ],
  ])('%s in a line', (_, more, line) => expect(summaryText(counts(more))).toEqual([line]));

  test.each([
    ['push', '0 uploaded, 7 unchanged, 0 deleted in 0.9 s'],
    ['pull', '0 downloaded, 7 unchanged, 0 deleted in 0.9 s'],
    ['sync', '0 uploaded, 0 downloaded, 7 unchanged, 0 deleted in 0.9 s'],
  ] as const)('a %s with nothing to do counts what it would have moved', (direction, line) =>
    expect(summaryText(counts({ unchanged: 7 }), false, direction)).toEqual([line]),
  );

  test.each([
    [1, '1 file was compared by size only; --compare hash reads both sides'],
    [1200, '1,200 files were compared by size only; --compare hash reads both sides'],
  ])('says what was compared by size only: %d', (sameBySize, line) =>
    expect(summaryText(counts({ sameBySize }))[1]).toBe(line),
  );

  test('of a dry run says that nothing was changed', () =>
    expect(summaryText(counts({ unchanged: 7 }), true)).toEqual([
      'Dry run: nothing was changed; 7 unchanged, looked at in 0.9 s',
    ]));

  test.each([
    [1, 'Exit 1: an error nobody foresaw; please report it'],
    [2, 'Exit 2: the command line or the configuration is not right'],
    [3, 'Exit 3: 2 paths could not be brought in step; everything else is done; run it again to try once more'],
    [4, 'Exit 4: refused, to be safe; nothing was changed by what was refused'],
    [5, 'Exit 5: the server could not be reached or did not let us in'],
    [6, 'Exit 6: another run of this job is under way'],
    [7, 'Exit 7: something changed since the plan was made; make a new plan'],
    [8, 'Exit 8: the two sides differ'],
    [9, 'Exit 9: stopped at the limit it was given; run it again to go on'],
    [130, 'Exit 130: stopped as asked; run it again to go on'],
    [143, 'Exit 143: stopped as asked; run it again to go on'],
  ])('says what exit code %d means', (exitCode, line) =>
    expect(summaryText(counts({ exitCode, failed: 2, problems: 1 })).at(-1)).toBe(line),
  );

  test('of a run that failed before it began says only why', () =>
    expect(summaryText(counts({ exitCode: 5, message: 'no route to host' }))).toEqual(['Exit 5: no route to host']));

  test('says what failed, and lets the run give its own reason, line by line and safe for a terminal', () =>
    expect(summaryText(counts({ exitCode: 4, failed: 1, message: 'too many\n\x1b[31mdeletes' }))).toEqual([
      '0 uploaded, 0 unchanged, 0 deleted, 1 failed in 0.9 s',
      'Exit 4: too many',
      '\\x1b[31mdeletes',
    ]));
});
