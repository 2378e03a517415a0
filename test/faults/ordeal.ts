/**
 * One ordeal: a pair that agreed, a source that changed since, a run under a fault, an audit of every byte on both
 * sides, and a run without the fault that must put everything right.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { JobSettings } from '../../src/config/settings.ts';
import { job } from '../builders/connect.ts';
import { type Drawing, draw, read } from '../builders/folder.ts';
import { type Performed, perform } from '../builders/perform.ts';
import type { Fault, ScriptedServer } from './scripted-server.ts';

const BIG = 'x'.repeat(1.5 * 1024 * 1024);

/** What both sides agreed on. */
export const OLD: Drawing = {
  'a.txt': 'a, old',
  'b/c.txt': 'c, old',
  'b/d.txt': 'd',
  'b/gone.txt': 'will go',
  'e.txt': 'e',
  'gone/x.txt': 'x',
};

/** What the source holds when the fault strikes. */
export const NEW: Drawing = {
  'a.txt': 'a, which is new',
  'b/c.txt': 'c, new',
  'b/d.txt': 'd',
  'b/new.txt': 'new in an old directory',
  'big.bin': BIG,
  'e.txt': 'e',
  'fresh/n.txt': 'new in a new directory',
};

export interface Ordeal {
  readonly server: ScriptedServer;
  readonly direction: 'push' | 'pull';
  readonly faults?: readonly Fault[];
  /** Told when the run under the fault is about to begin, and when it is over. */
  readonly onFault?: (on: boolean) => void;
  readonly changes?: Partial<JobSettings>;
  readonly before?: Drawing;
  readonly after?: Drawing;
}

export interface Outcome {
  readonly under: Performed;
  readonly after: Performed;
  /** Temporary names that the run under the fault left behind, on either side. */
  readonly leftovers: readonly string[];
  /** The destination when the run under the fault was over. */
  readonly destination: Readonly<Record<string, string | null>>;
}

export async function undergo(ordeal: Ordeal): Promise<Outcome> {
  // Ordeals run side by side, so that the waits between attempts pass at the same time.
  const own = mkdtempSync(join(tmpdir(), 'ferry-test-ordeal-'));
  try {
    return await inFolders(ordeal, made(own, 'local'), made(own, 'state'));
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

async function inFolders(ordeal: Ordeal, local: string, state: string): Promise<Outcome> {
  const { server, direction, faults = [], onFault, changes = {}, before = OLD, after = NEW } = ordeal;
  const remote = join(server.root, 'site');
  const [source, destination] = direction === 'push' ? [local, remote] : [remote, local];
  const settings = job(server, local, { direction, retries: 2, maxDelete: { percent: 100 }, ...changes });

  mkdirSync(remote, { recursive: true });
  become(source, {}, before);
  const first = await perform(settings, state);
  expect(first.summary, first.problems.join('\n')).toMatchObject({ exitCode: 0 });
  become(source, before, after);

  server.arm(faults);
  onFault?.(true);
  const under = await perform(settings, state);
  onFault?.(false);
  server.disarm();

  const there = read(destination);
  const leftovers = [...temporaries(local), ...temporaries(remote)];
  auditContent(there, before, after);
  expect(withoutTemporaries(read(source)), 'the source is never touched').toEqual(after);
  const agreed = isDeepStrictEqual({ ...withoutTemporaries(there) }, { ...after });
  expect(under.summary.exitCode === 0, `exit ${under.summary.exitCode}: ${under.summary.message}`).toBe(agreed);

  const next = await perform(settings, state);
  expect(next.problems).toEqual([]);
  expect(next.summary).toMatchObject({ exitCode: 0 });
  expect(read(destination)).toEqual(after);
  expect([...temporaries(local), ...temporaries(remote)]).toEqual([]);
  return { under, after: next, leftovers, destination: there };
}

/** Every final name holds the whole old or the whole new bytes, and nothing is missing that both have. */
export function auditContent(found: Drawing, before: Drawing, after: Drawing): void {
  for (const [path, content] of Object.entries(found)) {
    if (content === null || path.endsWith('.ferry')) continue;
    expect([before[path], after[path]].includes(content), `${path} is neither old nor new`).toBe(true);
  }
  for (const path of Object.keys(before)) {
    if (path in after) expect(found, `${path} is gone`).toHaveProperty([path]);
  }
}

function become(folder: string, from: Drawing, to: Drawing): void {
  for (const path of Object.keys(from)) if (!(path in to)) remove(folder, path);
  const changed = Object.entries(to).filter(([path, content]) => from[path] !== content);
  draw(folder, Object.fromEntries(changed));
}

function remove(folder: string, path: string): void {
  rmSync(join(folder, path));
  const above = dirname(join(folder, path));
  if (above !== folder && readdirSync(above).length === 0) rmdirSync(above);
}

export function temporaries(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ferry'));
}

export function withoutTemporaries(drawing: Drawing): Drawing {
  return Object.fromEntries(Object.entries(drawing).filter(([path]) => !path.endsWith('.ferry')));
}

function made(folder: string, name: string): string {
  mkdirSync(join(folder, name));
  return join(folder, name);
}
