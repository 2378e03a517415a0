import { describe, expect, test } from 'vitest';
import { progressLine, Speed } from '../../src/report/progress-line.ts';

const half = { phase: 'transfer', files: 5, filesTotal: 10, bytes: 500_000, bytesTotal: 1_000_000 } as const;

describe('the line of progress', () => {
  test.each([
    [
      'with everything, at 80 columns',
      half,
      100_000,
      80,
      ' 50% [=============>           ]  5/10 files  500 kB/1.0 MB  100 kB/s  0:05 left',
    ],
    ['without a speed yet', half, null, 60, ' 50% [=============>            ]  5/10 files  500 kB/1.0 MB'],
    ['with no room for a bar', half, 100_000, 60, ' 50%  5/10 files  500 kB/1.0 MB  100 kB/s  0:05 left'],
    ['with no room for a speed', half, 100_000, 45, ' 50%  5/10 files  500 kB/1.0 MB  0:05 left'],
    ['with hardly any room', half, 100_000, 20, ' 50%  5/10 files  50'],
    ['standing still', half, 0, 60, ' 50% [=============>            ]  5/10 files  500 kB/1.0 MB'],
    [
      'all bytes there, but not all files',
      { ...half, bytes: 1_000_000 },
      null,
      60,
      ' 99% [==========================]  5/10 files  1.0 MB/1.0 MB',
    ],
    [
      'the end',
      { ...half, files: 10, bytes: 1_000_000 },
      null,
      50,
      '100% [===============]  10/10 files  1.0 MB/1.0 MB',
    ],
    [
      'empty files go by their number',
      { ...half, bytes: 0, bytesTotal: 0 },
      null,
      50,
      ' 50% [===========>          ]  5/10 files  0 B/0 B',
    ],
    [
      'more bytes than foreseen',
      { ...half, files: 10, bytes: 2_000_000 },
      1,
      30,
      '100%  10/10 files  2.0 MB/1.0 M'.slice(0, 30),
    ],
    ['looking', { ...half, phase: 'scan', files: 12_345 }, 5, 80, 'Looking at both sides: 12,345 files'],
    ['looking, narrow', { ...half, phase: 'scan', files: 12_345 }, 5, 10, 'Looking at'],
  ] as const)('%s', (_, progress, speed, width, line) => expect(progressLine(progress, speed, width)).toBe(line));

  test('never exceeds its width, whatever the numbers', () => {
    for (const scale of [0, 1, 999, 1e6, 1e12])
      for (let width = 5; width < 140; width++)
        for (const speed of [null, 0.5, 1e3, 1e9]) {
          const line = progressLine(
            { ...half, files: scale, filesTotal: scale * 2, bytes: scale, bytesTotal: scale * 3 },
            speed,
            width,
          );
          expect(line.length).toBeLessThanOrEqual(width);
        }
  });
});

describe('the speed', () => {
  const after = (...samples: [number, number][]) => {
    const speed = new Speed();
    for (const [at, bytes] of samples) speed.add(at, bytes);
    return speed.perSecond;
  };
  test.each([
    ['is unknown at first', [], null],
    ['and after one moment', [[0, 5]], null],
    [
      'and without time passing',
      [
        [0, 5],
        [0, 9],
      ],
      null,
    ],
    [
      'is bytes over time',
      [
        [0, 0],
        [500, 100],
        [2000, 4000],
      ],
      2000,
    ],
    [
      'forgets what was long ago',
      [
        [0, 0],
        [100, 9_000_000],
        [20_000, 9_000_000],
        [25_000, 9_010_000],
        [31_000, 9_022_000],
      ],
      2000,
    ],
    [
      'begins anew when bytes are taken back',
      [
        [0, 0],
        [1000, 5000],
        [2000, 100],
        [3000, 1100],
      ],
      1000,
    ],
  ] as [string, [number, number][], number | null][])('%s', (_, samples, speed) =>
    expect(after(...samples)).toBe(speed),
  );
});
