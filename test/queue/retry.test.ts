import { describe, expect, test } from 'vitest';
import { ConnectError, LoginError, LostError, ReplyError } from '../../src/model/index.ts';
import { backoff, pause, retrying } from '../../src/queue/retry.ts';

const lost = () => new LostError('gone');

/** Fails with these errors in turn, then succeeds; counts the attempts and the delays. */
function failing(errors: Error[]) {
  const delays: number[] = [];
  let attempts = 0;
  return {
    delays,
    get attempts() {
      return attempts;
    },
    attempt: async () => {
      attempts++;
      const error = errors.shift();
      if (error) throw error;
      return 'done';
    },
    sleep: async (ms: number) => void delays.push(ms),
  };
}

describe('retrying', () => {
  test('what may pass is tried again, with a growing delay', async () => {
    const task = failing([lost(), lost(), lost()]);
    const result = await retrying(task.attempt, { attempts: 5, sleep: task.sleep, random: () => 1 });
    expect(result).toBe('done');
    expect(task.delays).toEqual([500, 1000, 2000]);
  });

  test('what makes no sense to try for long is not', async () => {
    const unknown = () => new ConnectError('no such host', { mostAttempts: 2 });
    const task = failing([unknown(), unknown(), unknown()]);
    await expect(retrying(task.attempt, { attempts: 6, sleep: task.sleep })).rejects.toThrow('no such host');
    expect(task.attempts).toBe(2);
  });

  test('the last of all attempts decides', async () => {
    const task = failing([lost(), lost(), lost()]);
    await expect(retrying(task.attempt, { attempts: 3, sleep: task.sleep })).rejects.toThrow('gone');
    expect(task.attempts).toBe(3);
  });

  test.each([
    ['a wrong password', new LoginError('530')],
    ['a refusal', new ReplyError('STOR', 553, 'no')],
    ['a bug', new TypeError('x is not a function')],
  ])('%s is not tried again', async (_, error) => {
    const task = failing([error]);
    await expect(retrying(task.attempt, { attempts: 5, sleep: task.sleep })).rejects.toBe(error);
    expect(task.attempts).toBe(1);
  });

  test.each([421, 425, 426, 450, 451])('a reply of %i is tried again', async (code) => {
    const task = failing([new ReplyError('STOR', code, 'later')]);
    expect(await retrying(task.attempt, { attempts: 2, sleep: task.sleep })).toBe('done');
  });

  test('the count begins anew after progress', async () => {
    const task = failing([lost(), lost(), lost(), lost(), lost(), lost()]);
    const progress = [true, false, true, false, true, false];
    const options = { attempts: 3, sleep: task.sleep, progressed: () => progress.shift() ?? false };
    expect(await retrying(task.attempt, options)).toBe('done');
  });

  test('an abort ends the wait at once, with its reason', async () => {
    const abort = new AbortController();
    const task = failing([lost(), lost()]);
    const running = retrying(task.attempt, { attempts: 5, signal: abort.signal });
    setTimeout(() => abort.abort(new Error('enough')), 20);
    await expect(running).rejects.toThrow('enough');
    expect(task.attempts).toBe(1);
  });

  test('delays stay between half and whole, and below 30 s', () => {
    expect(backoff(1, () => 0)).toBe(250);
    expect(backoff(1, () => 1)).toBe(500);
    expect(backoff(20, () => 1)).toBe(30_000);
  });

  test('a pause that is aborted before it begins rejects', async () => {
    const abort = new AbortController();
    abort.abort(new Error('no'));
    await expect(pause(10_000, abort.signal)).rejects.toThrow('no');
  });
});
