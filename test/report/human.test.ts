import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/model/index.ts';
import { createReporter, type ReporterOptions } from '../../src/report/index.ts';
import { action, capabilities, planned, problem, progress, retry, start, summary, warning } from './events.ts';
import { recorder, terminal } from './terminal.ts';

async function told(events: readonly RunEvent[], options: Partial<ReporterOptions> = {}): Promise<string[]> {
  const stdout = recorder();
  const stderr = recorder();
  const mask = (text: string) => text.replaceAll('s3cret', '***');
  const report = createReporter({ mode: 'human', mask, stdout, stderr, env: {}, ...options });
  for (const event of events) report(event);
  await report.close();
  expect(stdout.text()).toBe('');
  return stderr.text().split('\n').slice(0, -1);
}

describe('a run as a person reads it', () => {
  test('from start to end', async () =>
    expect(
      await told([
        start(),
        capabilities(),
        planned({ upload: 2, mkdir: 1, delete: 1 }, { bytes: 5200 }),
        action({ action: 'mkdir', path: 'css', size: 0, reason: 'directory of a new file', status: 'started' }),
        action({ action: 'mkdir', path: 'css', size: 0, reason: 'directory of a new file' }),
        progress(0, { filesTotal: 2, bytesTotal: 5200 }),
        action({ path: 'css/a.css' }),
        action({ path: 'index.html', size: 4000, reason: 'changed' }),
        action({ action: 'delete', path: 'old.txt', size: 0, reason: 'deleted at the source' }),
        summary({ uploaded: 2, bytesSent: 5200, deleted: 1, unchanged: 7 }),
      ]),
    ).toEqual([
      'Pushing /work/public to ftpes://me@h/htdocs (site)',
      'Plan: 2 to upload (5.2 kB), 1 directory to make, 1 to delete',
      'made       css/ (directory of a new file)',
      'uploaded   css/a.css (1.2 kB, new)',
      'uploaded   index.html (4.0 kB, changed)',
      'deleted    old.txt (deleted at the source)',
      '2 uploaded (5.2 kB), 7 unchanged, 1 deleted in 0.9 s',
    ]));

  test.each([
    [{ direction: 'pull' }, 'Pulling ftpes://me@h/htdocs to /work/public (site)'],
    [{ direction: 'sync' }, 'Syncing /work/public with ftpes://me@h/htdocs (site)'],
    [{ job: '/work/public ftpes://me@h/htdocs' }, 'Pushing /work/public to ftpes://me@h/htdocs'],
    [{ dryRun: true }, 'Pushing /work/public to ftpes://me@h/htdocs (site), dry run: nothing will be changed'],
  ] as const)('opens with what it does: %j', async (more, line) => expect(await told([start(more)])).toEqual([line]));

  test('a dry run ends with saying so', async () =>
    expect((await told([start({ dryRun: true }), summary({ unchanged: 3 })])).at(-1)).toBe(
      'Dry run: nothing was changed; 3 unchanged, looked at in 0.9 s',
    ));

  test('with nothing to do there is no plan to tell', async () =>
    expect(await told([planned({}), summary({ unchanged: 4 })])).toEqual([
      '0 uploaded, 4 unchanged, 0 deleted in 0.9 s',
    ]));

  test('many paths are named only when verbose', async () => {
    const events = [planned({ upload: 21 }), action(), summary({ uploaded: 21 })];
    expect(await told(events)).not.toContainEqual(expect.stringContaining('a.txt'));
    expect(await told(events, { verbosity: 1 })).toContainEqual('uploaded   a.txt (1.2 kB, new)');
  });

  test('the server is told about only when verbose', async () =>
    expect(await told([capabilities()], { verbosity: 1 })).toEqual([
      'Server: vsFTPd 3.0.5',
      '  uses MLSD, resuming',
      '  lacks hashes',
    ]));

  test('a problem names its path and what to do, safe for a terminal and without secrets', async () =>
    expect(await told([problem('a\x1b[2J/b', 'cannot be read; s3cret\n'), problem('', 'x')])).toEqual([
      'problem: a\\x1b[2J/b: cannot be read; ***\\x0a',
      'problem: .: x',
    ]));

  test('every problem is told, however many', async () =>
    expect(await told(Array.from({ length: 500 }, (_, i) => problem(`f${i}`, 'x')))).toHaveLength(500));

  test('warnings are told', async () => expect(await told([warning('plain text')])).toEqual(['warning: plain text']));

  test('what was skipped is told, with its reason; what failed is told by its problem', async () =>
    expect(await told([action({ status: 'skipped', reason: 'changed' }), action({ status: 'failed' })])).toEqual([
      'skipped    a.txt (1.2 kB, changed)',
    ]));

  test('a transfer that is taken up again says where, once', async () =>
    expect(
      await told([
        action({ status: 'started', size: 300e6, resumedFrom: 120e6 }),
        action({ status: 'done', size: 300e6, resumedFrom: 120e6 }),
      ]),
    ).toEqual(['a.txt: resumed at 120 MB of 300 MB']));

  test('retries are told until they are too many, then counted', async () => {
    const events = [...Array.from({ length: 7 }, () => retry()), retry({ path: '' }), summary()];
    const lines = await told(events);
    expect(lines[0]).toBe('again: a.txt: the connection was reset; attempt 2 in 2.0 s');
    expect(lines.filter((line) => line.startsWith('again:'))).toHaveLength(5);
    expect(lines[5]).toBe('further retries are only counted (-v shows them)');
    expect(lines.at(-1)).toBe('8 retries');
    const all = await told(events, { verbosity: 1 });
    expect(all[7]).toBe('again: the connection was reset; attempt 2 in 2.0 s');
  });

  test('what the guard refused is told once, at the end', async () => {
    const guard = { refused: true, reasons: ['too many deletes'] };
    const lines = await told([
      planned({ delete: 30 }, { guard }),
      summary({ exitCode: 4, message: 'too many deletes' }),
    ]);
    expect(lines).toEqual(['Plan: 30 to delete', 'Exit 4: too many deletes']);
  });
});

describe('colour', () => {
  const colored = async (isTTY: boolean, color: ReporterOptions['color'], env: Record<string, string> = {}) => {
    const stderr = { ...recorder(), isTTY };
    const report = createReporter({
      mode: 'human',
      mask: (t) => t,
      stderr,
      env,
      progress: false,
      ...(color && { color }),
    });
    report(warning('x'));
    return stderr.text().includes('\x1b[33m');
  };
  test.each([
    ['on a terminal', true, undefined, {}, true],
    ['not in a file', false, undefined, {}, false],
    ['not with NO_COLOR', true, undefined, { NO_COLOR: '1' }, false],
    ['but with an empty NO_COLOR', true, undefined, { NO_COLOR: '' }, true],
    ['not on a dumb terminal', true, undefined, { TERM: 'dumb' }, false],
    ['always', false, 'always', { NO_COLOR: '1' }, true],
    ['never', true, 'never', {}, false],
  ] as const)('%s', async (_, isTTY, color, env, is) => expect(await colored(isTTY, color, env)).toBe(is));
});

describe('on a terminal of 80 columns', () => {
  const run = async (options: Partial<ReporterOptions> = {}) => {
    const screen = terminal(80);
    const report = createReporter({
      mode: 'human',
      mask: (t) => t,
      stderr: screen,
      env: {},
      color: 'never',
      ...options,
    });
    return { screen, report };
  };
  const far = { files: 4_000, filesTotal: 12_345, bytes: 123_456_789, bytesTotal: 987_654_321 };
  const redraw = () => new Promise((resolve) => setTimeout(resolve, 250));

  test('the bar is one row that never wraps, and lines appear above it', async () => {
    const { screen, report } = await run();
    report(progress(0, { phase: 'scan', files: 120 }));
    await redraw();
    expect(screen.rows()).toEqual(['Looking at both sides: 120 files']);
    report(progress(1, { ...far, bytes: 0 }));
    report(progress(3, far));
    report(problem('a.txt', 'first'));
    report(problem(`${'long/'.repeat(30)}b.txt`, 'second'));
    await redraw();
    const rows = screen.rows();
    expect(rows[0]).toBe('problem: a.txt: first');
    expect(rows.slice(1, -1).join('')).toBe(`problem: ${'long/'.repeat(30)}b.txt: second`);
    expect(rows.at(-1)).toMatch(/^ 12% .*4,000\/12,345 files {2}123 MB\/988 MB .* 62 MB\/s {2}0:14 left$/);
    expect(rows.at(-1)!.length).toBeLessThan(80);
    await report.close();
  });

  test('redrawing leaves one bar', async () => {
    const { screen, report } = await run();
    for (let i = 0; i < 5; i++) {
      report(progress(i, { ...far, files: 4000 + i }));
      await redraw();
    }
    expect(screen.rows()).toHaveLength(1);
    expect(screen.wraps()).toBe(0);
    await report.close();
  });

  test('the bar goes before the summary, and no line is lost', async () => {
    const { screen, report } = await run();
    report(progress(0, far));
    report(problem('a.txt', 'x'));
    report(summary({ uploaded: 2 }));
    await report.close();
    await report.close();
    await redraw();
    expect(screen.rows()).toEqual(['problem: a.txt: x', '2 uploaded (0 B), 0 unchanged, 0 deleted in 0.9 s']);
  });

  test('the bar comes back under a line, though nothing moved on', async () => {
    const { screen, report } = await run();
    report(progress(0, far));
    await redraw();
    report(warning('x'));
    await redraw();
    expect(screen.rows()).toEqual(['warning: x', expect.stringContaining('4,000/12,345 files')]);
    await report.close();
  });

  test('the bar is gone once the summary is told, closed or not', async () => {
    const { screen, report } = await run();
    report(progress(0, far));
    report(summary());
    expect(screen.rows()).toEqual(['0 uploaded, 0 unchanged, 0 deleted in 0.9 s']);
    await report.close();
  });

  test('close takes the bar away where there was no summary', async () => {
    const { screen, report } = await run();
    report(progress(0, far));
    await report.close();
    expect(screen.rows()).toEqual([]);
  });

  test.each([
    ['--no-progress', { progress: false }],
    ['a dumb terminal', { env: { TERM: 'dumb' } }],
  ])('no bar with %s', async (_, options) => {
    const { screen, report } = await run(options);
    report(progress(0, far));
    expect(screen.rows()).toEqual([]);
    await report.close();
  });
});
