/** What is kept of directories over the time. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FSWatcher } from 'chokidar';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ROOT, toRelPath } from '../../src/model/index.ts';
import { look } from '../../src/watch/look.ts';
import { Notices, type Trouble } from '../../src/watch/notices.ts';
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

test.each(['moved away and back', 'made anew'])('the folder itself is %s at once: that is said', async (how) => {
  const root = join(emptyFolder(), 'root');
  mkdirSync(root);
  let told = (_: Trouble) => {};
  const trouble = new Promise<Trouble>((resolve) => {
    told = resolve;
  });
  const notices = new Notices({
    root,
    admits: () => true,
    followLinks: false,
    polling: null,
    onPath: () => {},
    onTrouble: (one) => told(one),
  });
  onTestFinished(() => notices.close());
  await notices.ready();
  if (how === 'made anew') {
    rmSync(root, { recursive: true });
    mkdirSync(root);
  } else {
    renameSync(root, `${root}.away`);
    renameSync(`${root}.away`, root);
  }
  expect(await trouble).toEqual({ kind: 'root' });
});
