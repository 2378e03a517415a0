/** What is kept of directories over the time. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FSWatcher } from 'chokidar';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ROOT, toRelPath } from '../../src/model/index.ts';
import { look } from '../../src/watch/look.ts';
import { Notices } from '../../src/watch/notices.ts';
import { emptyFolder } from '../builders/folder.ts';

test('nothing is kept of a directory that went while it was being read', async () => {
  const root = emptyFolder();
  mkdirSync(join(root, 'stays'));
  const spy = vi.spyOn(FSWatcher.prototype, '_getWatchedDir');
  const notices = new Notices({
    root,
    admits: () => true,
    followLinks: false,
    polling: null,
    onPath: () => {},
    onTrouble: () => {},
  });
  onTestFinished(() => notices.close());
  await notices.ready();
  const inside = spy.mock.contexts[0] as FSWatcher;
  spy.mockRestore();
  const known = () => [...inside._watched.keys()].filter((path) => path.startsWith(`${root}/`));
  expect(known()).toEqual([join(root, 'stays')]);
  // As its late reading of a directory does, which was told to be gone before.
  inside._getWatchedDir(join(root, 'gone'));
  for (const name of ['gone', 'stays']) await notices.heed(toRelPath(name), await look(join(root, name)));
  await notices.heed(ROOT, await look(join(root, 'gone')));
  expect(known()).toEqual([join(root, 'stays')]);
  expect(inside._watched.has(root)).toBe(true);
});
