/** A memory on the server is saved by one at a time, whoever asks for it, and whole. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectFtp } from '../../../src/ftp/remote.ts';
import { type Agreement, type Lane, type Remote, toRelPath } from '../../../src/model/index.ts';
import { openRemoteMemory } from '../../../src/state/index.ts';
import { clientOptions } from '../../builders/connect.ts';
import { start } from '../../servers/every-server.ts';

const MANY = 1500;

const agreement = (name: string): Agreement => ({
  path: toRelPath(name),
  kind: 'file',
  local: { size: 1, stamps: {} },
  remote: { size: 1, stamps: {} },
  sha256: 'a'.repeat(64),
});

function signal(): [happened: Promise<void>, tell: () => void] {
  let tell!: () => void;
  const happened = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return [happened, tell];
}

/** The same, but for these parts of it. */
function except<T extends object>(whole: T, parts: Partial<T>): T {
  return new Proxy(whole, {
    get(target, key) {
      if (key in parts) return Reflect.get(parts, key);
      const value = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** A remote side whose lanes are like that. */
function withLanes(remote: Remote, like: (lane: Lane) => Partial<Lane>): Remote {
  const lane: Remote['lane'] = async (signal) => {
    const real = await remote.lane(signal);
    return except(real, like(real));
  };
  return except(remote, { lane });
}

/** A remote side that holds back what is written until it is let go, and counts who writes at the same time. */
function gated(remote: Remote) {
  const [gate, open] = signal();
  const [begun, begin] = signal();
  const seen = { writing: 0, most: 0 };
  const guarded = withLanes(remote, (lane) => ({
    async write(...args) {
      seen.most = Math.max(seen.most, ++seen.writing);
      begin();
      await gate;
      return lane.write(...args).finally(() => seen.writing--);
    },
  }));
  return { remote: guarded, seen, begun, open };
}

/** A connection to a server with the folder of a job. */
async function connected(): Promise<Remote> {
  const server = await start({ name: 'ours', tls: 'none' });
  onTestFinished(() => server.stop());
  mkdirSync(join(server.root, 'site'));
  const remote = connectFtp(clientOptions(server, '/site'));
  onTestFinished(() => remote.close());
  await remote.open();
  return remote;
}

test('what is learnt while it is saved waits for the next save', async () => {
  const remote = await connected();
  const options = { job: 'test', warn: () => {} };
  const { remote: slow, seen, begun, open } = gated(remote);
  const memory = await openRemoteMemory(slow, options);
  await memory.learn(agreement('first.txt'));
  const flushed = memory.flush();
  await begun;
  for (let n = 0; n < MANY; n++) await memory.learn(agreement(`${n}.txt`));
  // Time enough for another save to begin.
  for (let n = 0; n < 20; n++) await remote.list(toRelPath('.ferry'));
  open();
  await flushed;
  await memory.close();
  expect(seen.most).toBe(1);
  const again = await openRemoteMemory(remote, { ...options, readOnly: true });
  expect(await again.count()).toBe(MANY + 1);
});

/** A server that stores half of the first file it is sent, says 226, and tells no sizes. */
function careless(remote: Remote): Remote {
  let cut = true;
  return withLanes(remote, (lane) => ({
    async write(path, source, options) {
      const pieces: Uint8Array[] = [];
      for await (const piece of source.chunks(0)) pieces.push(Uint8Array.from(piece));
      const all = Buffer.concat(pieces);
      const kept = cut ? all.subarray(0, all.length / 2) : all;
      cut = false;
      const chunks = async function* () {
        yield kept;
      };
      await lane.write(path, { chunks }, options);
      return all.length;
    },
    inspect: async (path) => ({ ...(await lane.inspect(path)), size: null }),
  }));
}

test('what is stored is read where the server tells no size', async () => {
  const remote = await connected();
  const options = { job: 'test', warn: () => {} };
  const memory = await openRemoteMemory(careless(remote), options);
  await memory.learn(agreement('first.txt'));
  await memory.close();
  const again = await openRemoteMemory(remote, { ...options, readOnly: true });
  expect(await again.count()).toBe(1);
});

test('a state that came while a run went on is left as it is, however often the run saves', async () => {
  const remote = await connected();
  const opened = () => openRemoteMemory(remote, { job: 'site', warn: () => {} });
  const [late, early] = [await opened(), await opened()];
  await early.learn(agreement('early'));
  await early.close();
  await late.learn(agreement('late'));
  for (const save of ['flush', 'flush', 'close'] as const) await expect(late[save]()).rejects.toThrow('left as it is');
  const kept = await opened();
  onTestFinished(() => kept.close());
  expect([await kept.get(toRelPath('early')), await kept.get(toRelPath('late'))]).toMatchObject([{}, undefined]);
});
