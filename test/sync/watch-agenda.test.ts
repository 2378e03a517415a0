/** What a watch does next, by a clock that only the test moves. */
import { describe, expect, test } from 'vitest';
import { toRelPath } from '../../src/model/index.ts';
import { Agenda, type Work } from '../../src/sync/watch-agenda.ts';

const p = toRelPath;
const EVERY = 900_000;
const agenda = () => new Agenda({ every: EVERY, random: () => 1 });
const paths = (work: Work | { wait: number }) => ('paths' in work ? [...work.paths].sort() : work);

/** One that has been through its first run at 0. */
function settled(): Agenda {
  const one = agenda();
  one.done(one.next(0) as Work, [], 0);
  return one;
}

describe('the agenda', () => {
  test('everything comes first, and again when its time has come', () => {
    const one = agenda();
    one.add([p('a')]);
    expect(one.next(0)).toEqual({ everything: true });
    one.done({ everything: true }, [], 10);
    expect(one.next(10)).toEqual({ wait: EVERY });
    expect(one.next(EVERY + 10)).toEqual({ everything: true });
  });

  test('paths are a batch at once', () => {
    const one = settled();
    one.add([p('a'), p('b')]);
    one.add([p('a')]);
    expect(paths(one.next(5))).toEqual(['a', 'b']);
    expect(one.next(5)).toEqual({ wait: EVERY - 5 });
  });

  test('what was broken off is tried again, all of it, less and less often', () => {
    const one = settled();
    one.add([p('a'), p('b')]);
    one.brokenOff(one.next(0) as Work, 0);
    expect(one.next(0)).toEqual({ wait: 60_000 });
    expect(paths(one.next(60_000))).toEqual(['a', 'b']);
    const every = agenda();
    const waits: number[] = [];
    for (let now = 0, n = 0; n < 6; n++) {
      expect(every.next(now)).toEqual({ everything: true });
      every.brokenOff({ everything: true }, now);
      const { wait } = every.next(now) as { wait: number };
      waits.push(wait);
      now += wait;
    }
    expect(waits).toEqual([60_000, 120_000, 240_000, 480_000, EVERY, EVERY]);
  });

  test('offline nothing is lost, and the waits grow to a minute and no further', () => {
    const one = settled();
    one.add([p('a')]);
    const waits: number[] = [];
    for (let now = 0, n = 0; n < 12; n++) {
      const work = one.next(now) as Work;
      expect(paths(work)).toEqual(['a', ...(n > 0 ? ['b'] : [])]);
      const wait = one.offline(work, now);
      waits.push(wait);
      one.add([p('b')]);
      expect(one.next(now)).toEqual({ wait });
      now += wait;
    }
    expect(waits.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
    expect(Math.max(...waits)).toBe(60_000);
    const work = one.next(1e9);
    expect(work).toEqual({ everything: true });
  });

  test('a run of everything that met no server is still due', () => {
    const one = agenda();
    const wait = one.offline(one.next(0) as Work, 0);
    expect(one.isOffline).toBe(true);
    expect(one.next(wait)).toEqual({ everything: true });
    one.done({ everything: true }, [], wait);
    expect(one.isOffline).toBe(false);
  });

  test('what failed is tried again later, ever more seldom, and no more once it succeeds', () => {
    const one = settled();
    one.add([p('a'), p('b')]);
    one.done(one.next(0) as Work, [p('a')], 0);
    expect(one.next(0)).toEqual({ wait: 60_000 });
    one.done(one.next(60_000) as Work, [p('a')], 60_000);
    expect(one.next(60_000)).toEqual({ wait: 120_000 });
    one.done(one.next(180_000) as Work, [], 180_000);
    expect(one.next(180_000)).toEqual({ wait: EVERY - 180_000 });
  });

  test('what the guard refused waits for what may explain it', () => {
    const one = settled();
    one.add([p('gone')]);
    one.refused(one.next(0) as Work, 0);
    expect(one.next(1)).toEqual({ wait: EVERY - 1 });
    one.add([p('come')]);
    expect(paths(one.next(2))).toEqual(['come', 'gone']);
  });
});
