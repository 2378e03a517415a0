import { expect, it } from 'vitest';
import { Brisk } from '../../src/local/brisk.ts';

/** A clock that only the calls move. */
function withClock() {
  let time = 0;
  const brisk = new Brisk(() => time);
  const call = (ms: number) =>
    brisk.try(() => {
      time += ms;
      return 'done';
    });
  const wait = (ms: number) => {
    time += ms;
  };
  return { call, wait };
}

it('calls directly while calls are quick', () => {
  const { call } = withClock();
  for (let n = 0; n < 100; n++) expect(call(1)).toBe('done');
});

it('takes one slow call for an accident', () => {
  const { call } = withClock();
  for (let n = 0; n < 10; n++) {
    expect(call(30)).toBe('done');
    for (let quick = 0; quick < 256; quick++) expect(call(1)).toBe('done');
  }
});

it('hands calls to threads for a while after two slow ones, which still count', () => {
  const { call, wait } = withClock();
  expect(call(30)).toBe('done');
  expect(call(1)).toBe('done');
  expect(call(30)).toBe('done');
  expect(call(1)).toBeUndefined();
  wait(1_900);
  expect(call(1)).toBeUndefined();
  wait(200);
  expect(call(1)).toBe('done');
});

it('is quick to believe that the disk is slow still', () => {
  const { call, wait } = withClock();
  call(30);
  call(30);
  wait(2_100);
  expect(call(30)).toBe('done');
  expect(call(1)).toBeUndefined();
});

it('says by which way a call is made', async () => {
  let time = 0;
  const brisk = new Brisk(() => time);
  const call = (ms: number) =>
    brisk.call(
      () => {
        time += ms;
        return 'direct';
      },
      async () => 'threaded',
    );
  expect(call(30)).toBe('direct');
  expect(call(30)).toBe('direct');
  expect(await call(30)).toBe('threaded');
});

it('counts a call that throws', () => {
  let time = 0;
  const brisk = new Brisk(() => time);
  const failing = () =>
    brisk.try(() => {
      time += 30;
      throw new Error('no');
    });
  expect(failing).toThrow('no');
  expect(failing).toThrow('no');
  expect(brisk.try(() => 'done')).toBeUndefined();
});
