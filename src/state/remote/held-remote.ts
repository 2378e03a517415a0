/** A remote side that is only written to while a lock is held: whoever lost it changes nothing more. */
import type { Lane, Remote } from '../../model/index.ts';

/** @param hold throws, or rejects, where the lock is lost; returns nothing where it is held for certain. */
export function heldRemote(remote: Remote, hold: () => Promise<void> | void): Remote {
  return {
    open: (signal) => remote.open(signal),
    get capabilities() {
      return remote.capabilities;
    },
    list: (directory, signal) => remote.list(directory, signal),
    sight: (paths, signal) => remote.sight(paths, signal),
    hash: (path, signal) => remote.hash(path, signal),
    lane: async (signal) => heldLane(await remote.lane(signal), hold),
    get width() {
      return remote.width;
    },
    get counters() {
      return remote.counters;
    },
    warm: (lanes) => remote.warm(lanes),
    makeRoot: (signal) => remote.makeRoot(signal),
    close: () => remote.close(),
  };
}

function heldLane(lane: Lane, hold: () => Promise<void> | void): Lane {
  // At once where there is nothing to wait for, so that calls keep their order.
  const held = async <T>(act: () => Promise<T>): Promise<T> => {
    const holding = hold();
    if (holding) await holding;
    return act();
  };
  return {
    get alive() {
      return lane.alive;
    },
    write: (path, source, options) => held(() => lane.write(path, source, options)),
    read: (path, sink, options) => lane.read(path, sink, options),
    inspect: (path) => lane.inspect(path),
    find: (path) => lane.find(path),
    setModified: (path, mtime) => lane.setModified(path, mtime),
    setMode: (path, mode) => lane.setMode(path, mode),
    rename: (from, to) => held(() => lane.rename(from, to)),
    remove: (path) => held(() => lane.remove(path)),
    removeDirectory: (path) => held(() => lane.removeDirectory(path)),
    makeDirectory: (path) => held(() => lane.makeDirectory(path)),
    claimDirectory: (path) => held(() => lane.claimDirectory(path)),
    order: (command) => held(() => lane.order(command)),
    release: () => lane.release(),
  };
}
