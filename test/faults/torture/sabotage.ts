/** Runs without one of the measures that Ferry relies on, to see that the bench turns red. */
import type { Lane, RelPath } from '../../../src/model/index.ts';
import type { RunOptions } from '../../../src/sync/index.ts';
import { type OpenPair, openPair } from '../../../src/sync/pair.ts';

/** A run whose connections to the server are changed by `change`. */
function withLanes(change: (lane: Lane) => Partial<Lane>, options: Partial<RunOptions>): Partial<RunOptions> {
  const changed = (lane: Lane): Lane =>
    new Proxy(lane, {
      get(_, key) {
        const own = change(lane)[key as keyof Lane];
        const value = own ?? Reflect.get(lane, key, lane);
        return typeof value === 'function' && !own ? value.bind(lane) : value;
      },
    });
  const open = options.seams?.openPair ?? openPair;
  const opening: typeof openPair = async (...asked): Promise<OpenPair> => {
    const pair = await open(...asked);
    const remote = new Proxy(pair.remote, {
      get(target, key) {
        if (key === 'lane') return async (signal?: AbortSignal) => changed(await target.lane(signal));
        const value = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    return { ...pair, remote };
  };
  return { ...options, seams: { ...options.seams, openPair: opening } };
}

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
