/** What stands still, and when it goes out: by a clock that only the test moves. */
import { describe, expect, test } from 'vitest';
import { type RelPath, toRelPath } from '../../src/model/index.ts';
import { Settling } from '../../src/watch/index.ts';

const p = toRelPath;
const LONG_AGO = 0;

/** A folder in time: looks are answered as soon as they are due. */
class Folder {
  now = 1_000_000;
  readonly settling: Settling;
  readonly changed = new Map<RelPath, number>();
  readonly batches: RelPath[][] = [];

  constructor(settle: number) {
    this.settling = new Settling(settle);
  }

  write(name: string): void {
    this.changed.set(p(name), this.now);
    this.settling.notice(p(name), this.now);
  }

  /** Lets time pass, in steps of 10 ms. */
  pass(ms: number): void {
    for (const until = this.now + ms; this.now < until; ) {
      this.now += 10;
      for (const asked of this.settling.due(this.now)) {
        const changedAt = this.changed.get(asked.path) ?? LONG_AGO;
        this.settling.looked(asked, { mark: `${changedAt}`, changedAt }, this.now);
      }
      const batch = this.settling.take(this.now);
      if (batch.length > 0) this.batches.push(batch.sort());
    }
  }
}

describe('settling', () => {
  test('a build that writes 500 files twenty times in a second is one batch', () => {
    const folder = new Folder(500);
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 500; n++) folder.write(`f${n}`);
      folder.pass(50);
    }
    folder.pass(2000);
    expect(folder.batches).toHaveLength(1);
    expect(folder.batches[0]).toHaveLength(500);
  });

  test('a path goes out when it has stood still for long enough, not before', () => {
    const folder = new Folder(500);
    folder.write('a');
    folder.pass(490);
    expect(folder.batches).toEqual([]);
    folder.pass(10);
    expect(folder.batches).toEqual([['a']]);
    expect(folder.settling.size).toBe(0);
    expect(folder.settling.wait(folder.now)).toBeUndefined();
  });

  test('one that changed without a notice comes when two looks agree', () => {
    const folder = new Folder(500);
    folder.write('a');
    folder.pass(300);
    folder.changed.set(p('a'), folder.now);
    folder.pass(690);
    expect(folder.batches).toEqual([]);
    folder.pass(20);
    expect(folder.batches).toEqual([['a']]);
  });

  test('a file whose time lies ahead still comes', () => {
    const folder = new Folder(500);
    folder.settling.notice(p('a'), folder.now);
    folder.changed.set(p('a'), folder.now + 3_600_000);
    folder.pass(1000);
    expect(folder.batches).toEqual([['a']]);
  });

  test('one that never stands still holds the others up for a while only, and comes when it does', () => {
    const folder = new Folder(500);
    folder.write('a');
    for (let n = 0; n < 100; n++) {
      folder.write('log');
      folder.pass(100);
    }
    expect(folder.batches).toEqual([['a']]);
    folder.pass(600);
    expect(folder.batches).toEqual([['a'], ['log']]);
  });

  test('what changes while it is looked at is looked at again', () => {
    const folder = new Folder(500);
    folder.write('a');
    folder.now += 500;
    const [asked] = folder.settling.due(folder.now);
    folder.write('a');
    folder.settling.looked(asked!, { mark: 'x', changedAt: LONG_AGO }, folder.now);
    expect(folder.settling.take(folder.now)).toEqual([]);
    folder.pass(500);
    expect(folder.batches).toEqual([['a']]);
  });
});
