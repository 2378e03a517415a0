import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DirectorySyncs } from '../../src/local/directory-syncs.ts';
import type { Folder } from '../../src/local/safe-path.ts';
import { LocalError, toRelPath } from '../../src/model/index.ts';

function fakeFolder(name: string, log: string[], failure?: string): Folder & { held: number } {
  const folder = {
    path: toRelPath(name),
    held: 0,
    at: () => `/${name}`,
    stands: async () => true,
    reaches: async () => true,
    retain: () => {
      folder.held++;
      return folder as Folder;
    },
    release: () => void folder.held--,
    sync: async () => {
      log.push(name);
      if (failure) throw Object.assign(new Error(failure), { code: failure });
    },
  };
  return folder;
}

const absolute = (folder: Folder) => `/root/${folder.path}`;

describe('directory syncs', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('sync a directory once for many names, and hold it until then', async () => {
    const log: string[] = [];
    const syncs = new DirectorySyncs(absolute);
    const a = fakeFolder('a', log);
    for (let i = 0; i < 10; i++) syncs.add(a);
    expect([log, a.held]).toEqual([[], 1]);
    await syncs.flush();
    expect([log, a.held]).toEqual([['a'], 0]);
    await syncs.flush();
    expect(log).toEqual(['a']);
  });

  it('wait a second at most', async () => {
    const log: string[] = [];
    const syncs = new DirectorySyncs(absolute);
    syncs.add(fakeFolder('a', log));
    await vi.advanceTimersByTimeAsync(999);
    expect(log).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(log).toEqual(['a']);
  });

  it('wait for 256 directories at most', async () => {
    const log: string[] = [];
    const syncs = new DirectorySyncs(absolute);
    for (let i = 0; i < 255; i++) syncs.add(fakeFolder(`d${i}`, log));
    expect(log).toHaveLength(0);
    syncs.add(fakeFolder('last', log));
    expect(log).toHaveLength(256);
  });

  it('tell the next flush what failed meanwhile, once, and not where a disk cannot do it', async () => {
    const log: string[] = [];
    const syncs = new DirectorySyncs(absolute);
    const bad = fakeFolder('bad', log, 'EIO');
    syncs.add(bad);
    await vi.advanceTimersByTimeAsync(200);
    const error = await syncs.flush().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LocalError);
    expect(error).toMatchObject({ errno: 'EIO', message: expect.stringContaining('/root/bad') });
    expect(bad.held).toBe(0);
    syncs.add(fakeFolder('cannot', log, 'EINVAL'));
    await syncs.flush();
    expect(log).toEqual(['bad', 'cannot']);
  });
});
