/**
 * A real tree, this project's own dependencies, to every server and back: a suite for one TLS mode. `npm test` carries a
 * hundred files, `npm run test:long` thousands.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { job, serverSettings } from '../builders/connect.ts';
import { emptyFolder } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { type AnyServer, start, variants } from '../servers/every-server.ts';
import type { TlsMode } from '../servers/index.ts';

/** Deep folders, many small files and some large ones, names of all kinds. */
const SOME = ['iconv-lite', 'socks', 'vite', 'p-queue'];

function copy(from: string, to: string): void {
  cpSync(from, to, {
    recursive: true,
    preserveTimestamps: true,
    // Links are not carried, caches change while tests run, and the few huge binaries only cost time here.
    filter: (path) => {
      const facts = lstatSync(path);
      return !facts.isSymbolicLink() && !/^\.(vite|cache|scratch)/.test(basename(path)) && facts.size < 5_000_000;
    },
  });
}

const SOURCE = resolve(import.meta.dirname, '../../node_modules');

export function carriesTree(mode: TlsMode): void {
  const made = new Map<boolean, string>();

  function tree(whole: boolean): string {
    const known = made.get(whole);
    if (known !== undefined) return known;
    const folder = mkdtempSync(join(tmpdir(), 'ferry-test-tree-'));
    made.set(whole, folder);
    if (whole) copy(SOURCE, folder);
    else for (const name of SOME) copy(join(SOURCE, name), join(folder, name));
    return folder;
  }

  afterAll(() => {
    for (const folder of made.values()) rmSync(folder, { recursive: true, force: true });
  });
  describe.each(variants([mode]))('$title', (variant) => {
    let server: AnyServer;
    beforeAll(async () => {
      server = await start(variant);
    });
    afterAll(async () => {
      await server?.stop();
    });

    const all = process.env.FERRY_LONG !== undefined;
    const many = all ? 'thousands of files' : 'many files';

    test(`${many} go up and come down again, and a second run has nothing to do`, async () => {
      const local = tree(all);
      const fileCount = files(local).length;
      const state = emptyFolder();
      const back = emptyFolder();
      const settings = { server: serverSettings(server, { connections: 8 }) };
      const up = job(server, local, settings);
      const down = job(server, back, { ...settings, direction: 'pull' });
      expect(fileCount).toBeGreaterThan(all ? 2000 : 100);

      const first = await perform(up, state);
      expect([first.summary.message, first.problems]).toEqual([undefined, []]);
      expect(first.summary).toMatchObject({ exitCode: 0, uploaded: fileCount, failed: 0 });
      expect(diff(local, join(server.root, 'site'))).toBe('');

      const again = await perform(up, state);
      expect(again.done).toEqual([]);
      expect(again.summary).toMatchObject({ exitCode: 0, uploaded: 0, unchanged: fileCount, bytesSent: 0 });

      const pulled = await perform(down, state);
      expect([pulled.summary.message, pulled.problems]).toEqual([undefined, []]);
      expect(pulled.summary).toMatchObject({ exitCode: 0, downloaded: fileCount });
      expect(diff(local, back)).toBe('');
      // Every server here can set and tell times to the second.
      const apart = files(local).filter(
        (path) =>
          Math.floor(statSync(join(local, path)).mtimeMs / 1000) !==
          Math.floor(statSync(join(back, path)).mtimeMs / 1000),
      );
      expect(apart).toEqual([]);

      const pulledAgain = await perform(down, state);
      expect(pulledAgain.done).toEqual([]);
      expect(pulledAgain.summary).toMatchObject({ exitCode: 0, downloaded: 0, unchanged: fileCount });
    }, 240_000);
  });
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
}

function diff(a: string, b: string): string {
  try {
    return execFileSync('diff', ['-r', a, b], { encoding: 'utf8' });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
