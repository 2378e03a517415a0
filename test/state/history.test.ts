/** The history of a job: what is appended is read back, whoever else appends and whatever was torn. */
import { execFile } from 'node:child_process';
import { appendFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Summary } from '../../src/model/index.ts';
import { beginRun, foldersWithRuns, pastRuns, type RunAbout } from '../../src/state/index.ts';
import { emptyFolder } from '../builders/folder.ts';

const ABOUT: RunAbout = { job: 'site', direction: 'push', local: '/srv/site', remote: 'ftp://ann@example.com/www' };
const plain = { mask: (text: string) => text };
const details = { problems: [], sole: true };

function summary(changes: Partial<Summary> = {}): Summary {
  const zero = { renamed: 0, deleted: 0, sameBySize: 0, failed: 0, problems: 0, bytesReceived: 0, downloaded: 0 };
  const some = { uploaded: 3, unchanged: 4, bytesSent: 1234, commands: 57, connections: 4, seconds: 0.9 };
  return { job: 'site', exitCode: 0, ...zero, ...some, ...changes };
}

describe('a run', () => {
  test('goes on until it has ended', async () => {
    const folder = join(emptyFolder(), 'site-0123');
    const run = await beginRun(folder, ABOUT, plain);
    expect(await pastRuns(folder)).toMatchObject([
      { ...ABOUT, state: 'running', ended: null, exitCode: null, summary: null, pid: process.pid },
    ]);
    await run.end(summary({ exitCode: 3, message: 'a disk\nis full' }), details);
    const [past, ...more] = await pastRuns(folder);
    expect(past).toMatchObject({ state: 'ended', exitCode: 3, message: 'a disk\nis full', summary: { uploaded: 3 } });
    expect(Date.parse(past!.ended!)).toBeGreaterThanOrEqual(Date.parse(past!.began));
    expect(more).toEqual([]);
    expect(await foldersWithRuns(join(folder, '..'))).toEqual([folder]);
  });

  test('keeps no secret', async () => {
    const folder = emptyFolder();
    const mask = (text: string) => text.replaceAll('hunter2', '***');
    const run = await beginRun(folder, ABOUT, { mask });
    const problem = { path: 'x', side: 'local', code: 'failed', message: 'hunter2' } as never;
    await run.end(summary({ message: 'PASS hunter2' }), { problems: [problem], sole: true });
    const [past] = await pastRuns(folder);
    expect(past).toMatchObject({ message: 'PASS ***', problems: [{ message: '***' }] });
  });

  test('that cannot be noted is no failure', async () => {
    const run = await beginRun('/dev/null/nowhere', ABOUT, plain);
    await run.end(summary(), details);
    expect(await pastRuns('/dev/null/nowhere')).toEqual([]);
    expect(await foldersWithRuns('/dev/null/nowhere')).toEqual([]);
  });

  test.skipIf(process.platform !== 'linux')(
    'whose process is gone was killed; one that was cut off said so',
    async () => {
      const folder = emptyFolder();
      const child = (end: string) => `
      import { beginRun } from '${join(import.meta.dirname, '../../dist/state/index.js')}';
      await beginRun('${folder}', ${JSON.stringify(ABOUT)}, { mask: (text) => text });
      ${end};
    `;
      const run = (script: string) =>
        promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]).catch(() => {});
      await run(child(`process.kill(process.pid, 'SIGKILL')`));
      await run(child('process.exit(143)'));
      expect(await pastRuns(folder)).toMatchObject([
        { state: 'killed', exitCode: null },
        { state: 'ended', exitCode: 143, summary: null, message: 'the process was ended before the run was' },
      ]);
    },
  );
});

describe('the file', () => {
  test('a torn line takes no other one with it', async () => {
    const folder = emptyFolder();
    await (await beginRun(folder, ABOUT, plain)).end(summary(), details);
    appendFileSync(join(folder, 'runs.jsonl'), '{"id":"torn","began":"2026-0');
    const next = await beginRun(folder, ABOUT, plain);
    expect((await pastRuns(folder)).map(({ state }) => state)).toEqual(['ended', 'running']);
    await next.end(summary({ uploaded: 5 }), details);
    appendFileSync(join(folder, 'runs.jsonl'), '\nnull\n[]\n{"id":7}\n');
    expect((await pastRuns(folder)).map((run) => run.summary?.uploaded)).toEqual([3, 5]);
  });

  test('stays small, and what is under way while it is put aside is not lost', async () => {
    const folder = emptyFolder();
    const long = await beginRun(folder, { ...ABOUT, job: 'long' }, plain);
    for (let n = 0; n < 700; n++) {
      await (await beginRun(folder, ABOUT, plain)).end(summary({ uploaded: n }), details);
    }
    await long.end(summary({ job: 'long' }), { problems: [], sole: false });
    const runs = await pastRuns(folder);
    expect(runs.filter(({ job }) => job === 'long')).toMatchObject([{ state: 'ended' }]);
    expect(runs.at(-1)?.summary?.uploaded).toBe(699);
    expect(runs.length).toBeGreaterThan(100);
    expect(runs.length).toBeLessThan(700);
    const size = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    expect(size).toBeLessThan(600_000);
  });

  test('only the one that holds the lock puts it aside', async () => {
    const folder = emptyFolder();
    for (let n = 0; n < 300; n++) {
      await (await beginRun(folder, ABOUT, plain)).end(summary(), { problems: [], sole: false });
    }
    expect(readdirSync(folder)).toEqual(['runs.jsonl']);
    expect(await pastRuns(folder)).toHaveLength(300);
  });
});
