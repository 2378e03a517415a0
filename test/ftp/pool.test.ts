/** Many tasks, few connections: lent in turn, as many as the server allows, replaced when they break. */
import { describe, expect, test } from 'vitest';
import { connectFtp } from '../../src/ftp/remote.ts';
import {
  ConnectError,
  InterruptedError,
  type Remote,
  ROOT,
  TooManyConnectionsError,
  toRelPath,
} from '../../src/model/index.ts';
import { type Script, type Scripted, scripted } from './scripted.ts';

const p = toRelPath;

async function open(script: Script, connections: number): Promise<{ server: Scripted; remote: Remote }> {
  const server = await scripted({ DELE: '250 ok', ...script });
  const remote = connectFtp(server.options({ connections }));
  await remote.open();
  return { server, remote };
}

async function removeAll(remote: Remote, count: number) {
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const lane = await remote.lane();
      await new Promise((resolve) => setTimeout(resolve, 2));
      await lane.remove(p(`f${i}`));
      lane.release();
    }),
  );
}

/** Lets in so many at once and refuses the others. */
function crowded(most: number, refusal: string, at: 'greeting' | 'PASS'): Script {
  let inside = 0;
  return {
    [at]: (visit) => {
      if (inside >= most) {
        visit.send(refusal);
        return visit.socket.end();
      }
      inside += 1;
      visit.socket.on('close', () => {
        inside -= 1;
      });
      return visit.send(at === 'PASS' ? '230 in' : '220 ready');
    },
  };
}

test('many who wait while nobody listens are all told so', async () => {
  const { server, remote } = await open({}, 4);
  await server[Symbol.asyncDispose]();
  const asked = Array.from({ length: 6 }, () => remote.list(ROOT));
  const told = await Promise.allSettled(asked);
  expect(told.map(({ status }) => status)).toEqual(Array(6).fill('rejected'));
  expect(told.every((one) => one.status === 'rejected' && one.reason instanceof ConnectError)).toBe(true);
  await remote.close();
});

describe('how many', () => {
  test('no more than were allowed, and no more than are needed', async () => {
    const { server, remote } = await open({}, 3);
    await removeAll(remote, 1);
    expect(server.visits).toHaveLength(1);
    await removeAll(remote, 20);
    expect(server.visits).toHaveLength(3);
    expect(remote.counters).toMatchObject({ connections: 3 });
    await remote.close();
    await server[Symbol.asyncDispose]();
  });

  test.each([
    ['421 as greeting', crowded(2, '421 too many connections', 'greeting')],
    [
      '530 that says so',
      crowded(2, '530 Sorry, the maximum number of clients (2) for this user are connected', 'PASS'),
    ],
    ['530 that does not say so', crowded(2, '530 Login incorrect.', 'PASS')],
    ['a greeting that never comes', crowded(2, '500 go away', 'greeting')],
  ])('%s: two are enough for all, and that is remembered', async (_name, script) => {
    const { server, remote } = await open(script, 8);
    await removeAll(remote, 30);
    expect(server.commands.filter((line) => line.startsWith('DELE'))).toHaveLength(30);
    expect(remote.width).toBe(2);
    const before = server.visits.length;
    await removeAll(remote, 30);
    expect(server.visits).toHaveLength(before);
    await remote.close();
    await server[Symbol.asyncDispose]();
  });

  test('none at all is told', async () => {
    const server = await scripted({ greeting: '421 too many connections' });
    const remote = connectFtp(server.options({ connections: 4 }));
    await expect(remote.open()).rejects.toThrow(TooManyConnectionsError);
    await remote.close();
    await server[Symbol.asyncDispose]();
  });
});

describe('owners', () => {
  test('a connection that broke while nobody had it is replaced', async () => {
    const { server, remote } = await open({}, 1);
    server.visits[0]!.socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await removeAll(remote, 2);
    expect(server.visits).toHaveLength(2);
    await remote.close();
    await server[Symbol.asyncDispose]();
  });

  test('a listing is asked again of another connection', async () => {
    const { server, remote } = await open({}, 1);
    const asked = remote.list(ROOT);
    server.visits[0]!.socket.destroy();
    expect((await asked).entries).toHaveLength(1);
    await remote.close();
    await server[Symbol.asyncDispose]();
  });

  test('what one owner has left on its way is not mixed up with what the next one asks', async () => {
    const script: Script = {
      DELE: (visit) => new Promise<void>((resolve) => setTimeout(() => resolve(visit.send('250 ok')), 30)),
      RMD: '550 no',
    };
    const { server, remote } = await open(script, 1);
    const first = await remote.lane();
    const left = first.remove(p('a'));
    first.release();
    first.release();
    const second = await remote.lane();
    await expect(second.removeDirectory(p('d'))).rejects.toMatchObject({ command: 'RMD /d', reply: 550 });
    await expect(left).resolves.toBeUndefined();
    await remote.close();
    await server[Symbol.asyncDispose]();
  });

  test('whoever stops waiting does not get one, and keeps none from others', async () => {
    const { server, remote } = await open({}, 1);
    const held = await remote.lane();
    const stop = new AbortController();
    const impatient = remote.lane(stop.signal);
    const patient = remote.lane();
    stop.abort();
    await expect(impatient).rejects.toThrow(InterruptedError);
    held.release();
    (await patient).release();
    await remote.close();
    await server[Symbol.asyncDispose]();
  });

  test('closing ends all that waits, and does not wait for a transfer for long', async () => {
    const { server, remote } = await open({ DELE: () => {} }, 1);
    const lane = await remote.lane();
    const doomed = [lane.remove(p('a')), remote.lane()];
    for (const one of doomed) one.catch(() => {});
    const started = performance.now();
    await remote.close();
    expect(performance.now() - started).toBeLessThan(1500);
    expect((await Promise.allSettled(doomed)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await server[Symbol.asyncDispose]();
  });
});

test('very many questions take as many connections as they can have', async () => {
  const { server, remote } = await open(
    { MLST: ['250-Listing', ' type=file;size=1;modify=20200101000000; a', '250 End'] },
    3,
  );
  const paths = Array.from({ length: 400 }, (_, i) => p(`f${i}`));
  const sightings = await remote.sight(paths);
  expect(sightings.map(({ found }) => found)).toEqual(Array(400).fill('present'));
  expect(server.visits).toHaveLength(3);
  await remote.close();
});
