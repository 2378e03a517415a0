/** Servers to which names that differ in case are one, as on Windows, or which store them all in lower case. */
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { JobSettings } from '../../src/config/settings.ts';
import { type Plan, toRelPath } from '../../src/model/index.ts';
import { disk, type FileSystem, FtpServer, type NativePath, type ServerOptions } from '../../src/server/index.ts';
import { apply, type RunOptions, run as runJob } from '../../src/sync/index.ts';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import type { AnyServer } from '../servers/every-server.ts';

/** The disk of such a server below its root: each name as it is there, or else as `stored`. */
function folding(root: string, stored: (name: string) => string): FileSystem {
  const at = (path: NativePath): string => {
    const text = path.toString('latin1' as never);
    if (!text.startsWith(`${root}/`)) return text;
    let real = root;
    for (const name of text.slice(root.length + 1).split('/')) {
      let names: string[] = [];
      try {
        names = readdirSync(real);
      } catch {}
      const there = names.find((one) => one.toLowerCase() === name.toLowerCase());
      real = join(real, there ?? stored(name));
    }
    return real;
  };
  return {
    ...disk,
    open: (path, ...rest) => disk.open(at(path), ...rest),
    lstat: (path) => disk.lstat(at(path)),
    realpath: (path) => disk.realpath(at(path)),
    readlink: (path) => disk.readlink(at(path)),
    readdir: (path) => disk.readdir(at(path)),
    mkdir: (path) => disk.mkdir(at(path)),
    rmdir: (path) => disk.rmdir(at(path)),
    unlink: (path) => disk.unlink(at(path)),
    // Under the name that it has already it gets the case that it is given.
    rename: (from, to) => {
      const [old, now] = [at(from), at(to)];
      return disk.rename(old, old === now ? join(dirname(now), stored(basename(`${to}`))) : now);
    },
    utimes: (path, mtime) => disk.utimes(at(path), mtime),
    chmod: (path, mode) => disk.chmod(at(path), mode),
  };
}

/** What such a server does with a rename to a name that is the same one to it. */
type Manner = 'does' | 'refuses' | 'pretends' | 'forbids';

function renaming(system: FileSystem, manner: Manner, isCut: () => boolean): FileSystem {
  const refuse = (code: string) => Promise.reject(Object.assign(new Error(code), { code }));
  let aside = false;
  return {
    ...system,
    rename: async (from, to) => {
      if (aside && isCut()) return refuse('EIO');
      if (manner === 'forbids' && !`${from}`.endsWith('.ferry')) return refuse('EACCES');
      const isOne = `${from}`.toLowerCase() === `${to}`.toLowerCase();
      if (isOne && manner === 'refuses') return refuse('EEXIST');
      if (isOne && manner === 'pretends') return undefined;
      aside = `${to}`.endsWith('.old.ferry');
      return system.rename(from, to);
    },
  };
}

async function pairOn(
  stored: ((name: string) => string) | null,
  changes: Partial<JobSettings>,
  manner: Manner = 'does',
  options: Partial<ServerOptions> = {},
) {
  const root = emptyFolder();
  draw(root, { site: null });
  const users = [{ name: 'ann', password: 'geheim-42', home: root }];
  const failing = { cut: false };
  const fileSystem = stored ? renaming(folding(root, stored), manner, () => failing.cut) : disk;
  const ftp = new FtpServer({ users, fileSystem, ...options });
  onTestFinished(() => ftp.close(0));
  const { host, port } = await ftp.listen();
  const server = { tls: 'none', host, port, user: 'ann', password: 'geheim-42', root } as unknown as AnyServer;
  const [local, state] = [draw(emptyFolder(), { 'Dir/A.txt': 'a', 'B.txt': 'b', 'c.txt': 'c' }), emptyFolder()];
  const run = async (more: Partial<JobSettings> = {}, options: Parameters<typeof perform>[2] = {}) => {
    const settings = job(server, local, { retries: 0, maxDelete: { percent: 100 }, ...changes, ...more });
    const performed = await perform(settings, state, options);
    const warnings = performed.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    return { ...performed, warnings };
  };
  return { local, there: join(root, 'site'), run, failing };
}

/** Without what Ferry keeps there for itself. */
const siteOf = (folder: string) =>
  Object.fromEntries(Object.entries(read(folder)).filter(([path]) => !path.startsWith('.ferry')));

const contents = (folder: string) => Object.values(read(folder)).sort();

const nothing = { exitCode: 0, uploaded: 0, downloaded: 0, renamed: 0, deleted: 0, problems: 0 };

describe('a server that stores names in lower case', () => {
  const lower = (name: string) => name.toLowerCase();

  test.each([
    ['push', 'tracked'],
    ['push', 'all'],
    ['sync', 'tracked'],
  ] as const)('%s, --delete %s: sent once, and then both agree', async (direction, rule) => {
    const { local, there, run } = await pairOn(lower, { direction, delete: rule });
    expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 3 });
    for (let again = 0; again < 2; again++) {
      const { summary, warnings } = await run();
      expect(summary).toMatchObject(nothing);
      expect(warnings.join()).toMatch(/3 names are in other upper and lower case on the server/);
    }
    expect(read(there)).toEqual({ 'dir/a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c' });
    expect(read(local)).toEqual({ 'Dir/A.txt': 'a', 'B.txt': 'b', 'c.txt': 'c' });
  });

  test.each(['push', 'sync'] as const)('%s: edits, new files and removals here go there', async (direction) => {
    const { local, there, run } = await pairOn(lower, { direction });
    await run();
    draw(local, { 'Dir/A.txt': 'A', 'Dir/New.txt': 'new' });
    rmSync(join(local, 'B.txt'));
    expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 2, deleted: 1 });
    expect(read(there)).toEqual({ 'dir/a.txt': 'A', 'dir/new.txt': 'new', 'c.txt': 'c' });
    expect((await run()).summary).toMatchObject(nothing);
    rmSync(join(local, 'Dir'), { recursive: true });
    expect((await run()).summary).toMatchObject({ exitCode: 0, deleted: 3 });
    expect(read(there)).toEqual({ 'c.txt': 'c' });
    expect((await run()).summary).toMatchObject(nothing);
  });

  test('a batch of a watch finds what it is about', async () => {
    const { local, there, run } = await pairOn(lower, {});
    await run();
    draw(local, { 'B.txt': 'B', 'Dir/A.txt': 'A' });
    const batch = { paths: [toRelPath('B.txt'), toRelPath('Dir/A.txt')], peak: 0, counted: () => {} };
    const verb = (settings: JobSettings, options: RunOptions) => runJob(settings, { ...options, batch });
    expect((await run({}, { verb })).summary).toMatchObject({ exitCode: 0, uploaded: 2 });
    expect(read(there)).toEqual({ 'dir/a.txt': 'A', 'b.txt': 'B', 'c.txt': 'c' });
    expect((await run()).summary).toMatchObject(nothing);
  });

  test('a sync: edits and removals there come here', async () => {
    const { local, there, run } = await pairOn(lower, { direction: 'sync' });
    await run();
    draw(there, { 'dir/a.txt': 'edited' });
    rmSync(join(there, 'b.txt'));
    expect((await run()).summary).toMatchObject({ exitCode: 0, downloaded: 1, deleted: 1 });
    expect(read(local)).toEqual({ 'Dir/A.txt': 'edited', 'c.txt': 'c' });
    expect((await run()).summary).toMatchObject(nothing);
  });

  test('without MLSD, too', async () => {
    const { there, run } = await pairOn(lower, {}, 'does', { withoutFeatures: ['MLST'] });
    await run();
    expect((await run()).summary).toMatchObject(nothing);
    expect(contents(there)).toEqual(['a', 'b', 'c']);
  });

  test('a pull of what was pushed brings nothing a second time', async () => {
    const { local, run } = await pairOn(lower, {});
    await run();
    const before = read(local);
    const { summary } = await run({ direction: 'pull', delete: 'all' });
    expect(summary).toMatchObject({ deleted: 0 });
    expect(read(local)).toMatchObject(before);
  });

  test('a name that only changes its case here is said once', async () => {
    const { local, there, run } = await pairOn(lower, {});
    await run();
    renameSync(join(local, 'c.txt'), join(local, 'C.txt'));
    const { summary, problems } = await run();
    expect(summary).toMatchObject({ exitCode: 3, uploaded: 0, deleted: 0, renamed: 0 });
    expect(problems.join()).toMatch(/C\.txt: the server keeps the name that it had/);
    expect((await run()).summary).toMatchObject(nothing);
    expect(contents(there)).toEqual(['a', 'b', 'c']);
  });
});

describe('a server that folds case', () => {
  const kept = (name: string) => name;
  const recase = (local: string) => {
    renameSync(join(local, 'B.txt'), join(local, 'b.txt'));
    renameSync(join(local, 'Dir'), join(local, 'dir'));
    renameSync(join(local, 'dir/A.txt'), join(local, 'dir/a.TXT'));
  };
  const RECASED = { 'dir/a.TXT': 'a', 'b.txt': 'b', 'c.txt': 'c' };

  test.each([
    ['push', {}],
    ['sync', {}],
    ['push', { release: 'staged' }],
    ['push', { keepVersions: 2 }],
    ['push', { state: 'remote' }],
  ] as const)('%s %o: names that only changed their case are renamed there', async (direction, changes) => {
    const { local, there, run } = await pairOn(kept, { direction, ...changes });
    expect((await run()).summary.exitCode).toBe(0);
    recase(local);
    const { summary } = await run();
    expect(summary).toMatchObject({ exitCode: 0, uploaded: 0, deleted: 0, renamed: 3 });
    expect(siteOf(there)).toEqual(RECASED);
    expect(read(local)).toEqual(RECASED);
    expect((await run()).summary).toMatchObject(nothing);
  });

  test.each(['push', 'sync'] as const)(
    '%s: with new content, both the name and the content go there',
    async (direction) => {
      const { local, there, run } = await pairOn(kept, { direction });
      await run();
      recase(local);
      draw(local, { 'b.txt': 'new', 'dir/a.TXT': 'newer' });
      expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 2, deleted: 0, renamed: 3 });
      expect(read(there)).toEqual({ ...RECASED, 'b.txt': 'new', 'dir/a.TXT': 'newer' });
      expect((await run()).summary).toMatchObject(nothing);
      rmSync(join(local, 'dir/a.TXT'));
      expect((await run()).summary).toMatchObject({ exitCode: 0, deleted: 1 });
    },
  );

  test.each(['unix', 'dos'] as const)('without MLSD, listing as %s does', async (listDialect) => {
    const { local, there, run } = await pairOn(kept, {}, 'does', { withoutFeatures: ['MLST'], listDialect });
    await run();
    recase(local);
    expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 0, deleted: 0, renamed: 3 });
    expect(read(there)).toEqual(RECASED);
    expect((await run()).summary).toMatchObject(nothing);
  });

  test('the plan says so, and holds', async () => {
    const { local, there, run } = await pairOn(kept, {});
    await run();
    recase(local);
    let made: Plan | undefined;
    const onPlan = (plan: Plan) => {
      made = plan;
    };
    expect((await run({}, { dryRun: true, onPlan })).summary.exitCode).toBe(0);
    const said = made!.actions.map((one) => `${one.action} ${'from' in one ? one.from : ''} ${one.path} ${one.reason}`);
    expect(said).toEqual(['rename B.txt b.txt moved', 'rename Dir dir moved', 'rename dir/A.txt dir/a.TXT moved']);
    const applied = await run({}, { verb: (job, options) => apply(job, JSON.parse(JSON.stringify(made)), options) });
    expect(applied.summary).toMatchObject({ exitCode: 0, renamed: 3 });
    expect(read(there)).toEqual(RECASED);
    expect((await run()).summary).toMatchObject(nothing);
  });

  test('one that renames only to what is free goes over another name', async () => {
    const { local, there, run } = await pairOn(kept, {}, 'refuses');
    await run();
    recase(local);
    expect((await run()).summary).toMatchObject({ exitCode: 0, renamed: 3 });
    expect(read(there)).toEqual(RECASED);
    expect((await run()).summary).toMatchObject(nothing);
  });

  test('one that says yes and does nothing is not believed', async () => {
    const { local, there, run } = await pairOn(kept, {}, 'pretends');
    await run();
    recase(local);
    expect((await run()).summary).toMatchObject({ exitCode: 0, renamed: 3 });
    expect(read(there)).toEqual(RECASED);
    expect((await run()).summary).toMatchObject(nothing);
  });

  test.each(['local', 'remote'] as const)('cut off half-way, the next run ends it (state: %s)', async (state) => {
    const { local, there, run, failing } = await pairOn(kept, { state }, 'refuses');
    await run();
    renameSync(join(local, 'B.txt'), join(local, 'b.txt'));
    failing.cut = true;
    expect((await run()).summary.exitCode).not.toBe(0);
    expect(Object.values(siteOf(there)).sort()).toEqual(['a', 'b', 'c']);
    expect(siteOf(there)).not.toHaveProperty('b.txt');
    failing.cut = false;
    expect((await run()).summary).toMatchObject({ exitCode: 0, deleted: 0 });
    expect((await run()).summary).toMatchObject(nothing);
    expect(siteOf(there)).toEqual({ 'Dir/A.txt': 'a', 'b.txt': 'b', 'c.txt': 'c' });
  });

  test('a refusal is said, and keeps nothing else from being done', async () => {
    const { local, there, run } = await pairOn(kept, {}, 'forbids');
    await run();
    recase(local);
    draw(local, { 'dir/a.TXT': 'newer', 'dir/more.txt': 'more' });
    const { summary } = await run();
    expect(summary).toMatchObject({ exitCode: 3, renamed: 0, uploaded: 2, deleted: 0 });
    expect(contents(there)).toEqual(['b', 'c', 'more', 'newer']);
  });
});

test('a sync of a name whose case changed on such a server', async () => {
  const direction = 'sync';
  const { local, there, run } = await pairOn((name) => name, {});
  await run();
  renameSync(join(there, 'B.txt'), join(there, 'b.txt'));
  for (let again = 0; again < 2; again++) {
    expect((await run({ direction, delete: 'all' })).summary).toMatchObject(nothing);
    expect(read(local)).toEqual({ 'Dir/A.txt': 'a', 'B.txt': 'b', 'c.txt': 'c' });
  }
  draw(there, { 'b.txt': 'edited' });
  expect((await run({ direction })).summary).toMatchObject({ exitCode: 0, downloaded: 1 });
  expect(contents(local)).toEqual(['a', 'c', 'edited']);
});

test.each(['push', 'sync'] as const)(
  'anywhere else: a %s carries names that only changed their case',
  async (direction) => {
    const { local, there, run } = await pairOn(null, { direction });
    expect((await run()).summary.exitCode).toBe(0);
    renameSync(join(local, 'B.txt'), join(local, 'b.txt'));
    renameSync(join(local, 'Dir'), join(local, 'dir'));
    draw(local, { 'b.txt': 'new', 'dir/A.txt': 'newer' });
    expect((await run()).summary).toMatchObject({ exitCode: 0, uploaded: 2, deleted: 3 });
    expect(read(there)).toEqual({ 'dir/A.txt': 'newer', 'b.txt': 'new', 'c.txt': 'c' });
  },
);

test.each([{}, { release: 'staged' }] as const)(
  'on Windows: of names that are one there, none is written over another %o',
  async (changes) => {
    const hot = { delete: 'none', allowEmptySource: true, after: { move: null } } as const;
    const { local, there, run } = await pairOn((name) => name, { ...hot, ...changes });
    draw(local, { 'a.bin': 'one', 'A.BIN': 'two', 'A.bin': 'three' });
    const { summary } = await run();
    const left = new Set([...contents(local), ...contents(there)].filter((content) => content !== null));
    expect([...left].sort()).toEqual(['a', 'b', 'c', 'one', 'three', 'two']);
    expect(summary).toMatchObject({ exitCode: 3, failed: 2 });
  },
);

test('a pull of one fetches it under its new name, and deletes nothing that the server still answers for', async () => {
  const { local, there, run } = await pairOn((name) => name, {});
  await run();
  renameSync(join(there, 'B.txt'), join(there, 'b.txt'));
  const { summary } = await run({ direction: 'pull', delete: 'all' });
  expect(summary).toMatchObject({ exitCode: 3, downloaded: 1, deleted: 0 });
  expect(read(local)).toEqual({ 'Dir/A.txt': 'a', 'B.txt': 'b', 'b.txt': 'b', 'c.txt': 'c' });
});
