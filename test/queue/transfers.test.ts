import { describe, expect, test } from 'vitest';
import { LostError } from '../../src/model/index.ts';
import { type Job, TransferQueue } from '../../src/queue/index.ts';

const signal = new AbortController().signal;
const later = (ms = 1) => new Promise<void>((done) => setTimeout(done, ms));

function simple(
  move: (attempt: number) => Promise<unknown>,
  settle: () => Promise<void> = async () => {},
): Job<number> {
  return {
    open: async (attempt) => attempt,
    move: async (attempt) => void (await move(attempt)),
    settle,
    close: async () => {},
    retried: () => {},
    progressed: () => true,
    prepare: async () => {},
  };
}

describe('the queue of transfers', () => {
  test('as many move at once as there are connections, never more', async () => {
    const queue = new TransferQueue({ width: () => 3, attempts: 1, signal });
    let moving = 0;
    let most = 0;
    for (let n = 0; n < 30; n++) {
      const move = async () => {
        most = Math.max(most, ++moving);
        await later();
        moving--;
      };
      await queue.add(simple(move), () => {});
    }
    await queue.idle();
    expect(most).toBe(3);
  });

  test('settling one goes on while the next one moves', async () => {
    const queue = new TransferQueue({ width: () => 1, attempts: 1, signal });
    const log: string[] = [];
    for (const name of ['a', 'b']) {
      const move = async () => void log.push(`move ${name}`);
      const settle = async () => {
        await later(20);
        log.push(`settled ${name}`);
      };
      await queue.add(simple(move, settle), () => {});
    }
    await queue.idle();
    expect(log).toEqual(['move a', 'move b', 'settled a', 'settled b']);
  });

  test('a failure while settling moves the file again', async () => {
    const queue = new TransferQueue({ width: () => 1, attempts: 3, signal });
    const attempts: number[] = [];
    let outcome: unknown = 'none';
    const job = simple(
      async (attempt) => void attempts.push(attempt),
      async () => {
        if (attempts.length === 1) throw new LostError('gone');
      },
    );
    await queue.add(job, (error) => {
      outcome = error;
    });
    await queue.idle();
    expect([attempts, outcome]).toEqual([[1, 2], undefined]);
  });

  test('one failure does not stop the others, and its error is told', async () => {
    const queue = new TransferQueue({ width: () => 2, attempts: 1, signal });
    const outcomes: unknown[] = [];
    for (const error of [undefined, new Error('no'), undefined]) {
      const move = async () => {
        if (error) throw error;
      };
      await queue.add(simple(move), (failure) => void outcomes.push(failure));
    }
    await queue.idle();
    expect(outcomes.filter((outcome) => outcome instanceof Error)).toHaveLength(1);
    expect(outcomes).toHaveLength(3);
  });

  test('what an outcome throws ends the run', async () => {
    const queue = new TransferQueue({ width: () => 1, attempts: 1, signal });
    const stop = () => {
      throw new Error('the server is gone');
    };
    await queue.add(
      simple(async () => {}),
      stop,
    );
    await expect(queue.idle()).rejects.toThrow('the server is gone');
    await queue.settled();
  });

  test('adding waits when enough are waiting', async () => {
    const queue = new TransferQueue({ width: () => 1, attempts: 1, signal });
    let open!: () => void;
    const gate = new Promise<void>((done) => {
      open = done;
    });
    let added = 0;
    const adding = (async () => {
      for (let n = 0; n < 50; n++) {
        await queue.add(
          simple(() => gate),
          () => {},
        );
        added++;
      }
    })();
    await later(20);
    expect(added).toBeLessThan(10);
    open();
    await adding;
    await queue.idle();
    expect(added).toBe(50);
  });

  test('those that wait for another attempt are bounded in number, too', async () => {
    const gone = new AbortController();
    const queue = new TransferQueue({ width: () => 2, attempts: 5, signal: gone.signal });
    let added = 0;
    const failing = async () => {
      throw new LostError('gone');
    };
    const adding = (async () => {
      for (let n = 0; n < 1000; n++) {
        await queue.add({ ...simple(failing), progressed: () => false }, () => {});
        added++;
      }
    })();
    await later(100);
    expect(added).toBeLessThan(100);
    gone.abort(new Error('stopped'));
    await adding;
    await queue.settled();
  });

  test('nothing more is taken on once an outcome has ended the run', async () => {
    const queue = new TransferQueue({ width: () => 1, attempts: 1, signal });
    const stop = () => {
      throw new Error('the server is gone');
    };
    await queue.add(
      simple(async () => {}),
      stop,
    );
    await later(20);
    const next = queue.add(
      simple(async () => {}),
      () => {},
    );
    await expect(next).rejects.toThrow('the server is gone');
  });
});
