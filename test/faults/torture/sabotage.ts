/** Runs without one of the measures that Ferry relies on, to see that the bench turns red. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lane, RelPath } from '../../../src/model/index.ts';
import type { RunOptions } from '../../../src/sync/index.ts';
import { type OpenPair, openPair } from '../../../src/sync/pair.ts';

/** The same object but for what is given. */
function changed<T extends object>(target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get(_, key) {
      const own = changes[key as keyof T];
      const value = own ?? Reflect.get(target, key, target);
      return typeof value === 'function' && !own ? value.bind(target) : value;
    },
  });
}

/** A run whose sides are changed by `change`. */
function withPair(change: (pair: OpenPair) => Partial<OpenPair>, options: Partial<RunOptions>): Partial<RunOptions> {
  const open = options.seams?.openPair ?? openPair;
  const opening: typeof openPair = async (...asked): Promise<OpenPair> => {
    const pair = await open(...asked);
    return { ...pair, ...change(pair) };
  };
  return { ...options, seams: { ...options.seams, openPair: opening } };
}

/** A run whose connections to the server are changed by `change`. */
const withLanes = (change: (lane: Lane) => Partial<Lane>, options: Partial<RunOptions>): Partial<RunOptions> =>
  withPair(({ remote }) => {
    const lane = async (signal?: AbortSignal) => {
      const inner = await remote.lane(signal);
      return changed(inner, change(inner));
    };
    return { remote: changed(remote, { lane }) };
  }, options);

/** The name that a temporary one is for. */
const final = (path: RelPath) => path.replace(/(^|\/)\.([^/]+)\.[0-9a-f]{8}\.ferry$/, '$1$2') as RelPath;

export const withoutTemporaryNamesIn = (options: Partial<RunOptions>): Partial<RunOptions> =>
  withLanes(
    (lane) => ({
      write: (path, source, how) => lane.write(final(path), source, how),
      inspect: (path) => lane.inspect(final(path)),
      setModified: (path, mtime) => lane.setModified(final(path), mtime),
      remove: (path) => lane.remove(final(path)),
      rename: async () => {},
    }),
    options,
  );

export const withoutSizeCheckIn = (options: Partial<RunOptions>): Partial<RunOptions> =>
  withLanes((lane) => ({ inspect: async (path) => ({ ...(await lane.inspect(path)), size: null }) }), options);

export const asleepGuard = (options: Partial<RunOptions>): Partial<RunOptions> => ({
  ...options,
  seams: { ...options.seams, guard: () => ({ refused: false, reasons: [] }) },
});

/** A push whose old versions are deleted where they are to be kept. */
export const withoutKeptVersionsIn = (options: Partial<RunOptions>): Partial<RunOptions> =>
  withLanes(
    (lane) => ({
      rename: (from, to) =>
        to.startsWith('.ferry/versions/') && !from.startsWith('.ferry/') ? lane.remove(from) : lane.rename(from, to),
    }),
    options,
  );

/** Downloads are written into the file that is there, whoever shares it, and not under a name of their own. */
export const writingInPlace = (options: Partial<RunOptions>): Partial<RunOptions> =>
  withPair(({ local }) => {
    const stage: typeof local.stage = async (path, ...rest) => {
      const inner = await local.stage(path, ...rest);
      const commit: typeof inner.commit = async (how) => {
        const target = join(local.root, path);
        if (!existsSync(target)) return inner.commit(how);
        writeFileSync(target, await inner.readAt(0, inner.size));
        await inner.discard();
        return (await local.look(path))!;
      };
      return changed(inner, { commit });
    };
    return { local: changed(local, { stage }) };
  }, options);
