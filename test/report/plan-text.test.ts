import { describe, expect, test } from 'vitest';
import type { Action, Fingerprint, Reason } from '../../src/model/index.ts';
import { planText } from '../../src/report/index.ts';
import { path, plan } from './events.ts';

const print: Fingerprint = { size: 1, stamps: {} };
const upload = (name: string, size: number, reason: Reason = 'new'): Action => ({
  action: 'upload',
  path: path(name),
  reason,
  size,
  source: print,
  replaces: reason === 'new' ? null : print,
  mtime: null,
});
const download = (name: string, size: number): Action => ({ ...upload(name, size), action: 'download' }) as Action;
const mkdir = (name: string): Action => ({
  action: 'mkdir',
  side: 'remote',
  path: path(name),
  reason: 'directory of a new file',
});
const remove = (name: string, kind: 'file' | 'directory' = 'file'): Action => ({
  action: 'delete',
  side: 'remote',
  path: path(name),
  reason: 'deleted at the source',
  kind,
  expected: print,
});

describe('a plan', () => {
  test('is grouped by reason, with what each does to the destination', () =>
    expect(
      planText(
        plan({
          actions: [
            mkdir('css'),
            upload('css/a.css', 1200),
            upload('index.html', 4000, 'changed'),
            {
              action: 'rename',
              side: 'remote',
              path: path('new.txt'),
              from: path('old.txt'),
              reason: 'moved',
              expected: print,
            },
            remove('gone.txt'),
            remove('gone', 'directory'),
          ],
          untouched: { unchanged: 4446, sameBySize: 12, kept: 3 },
        }),
      ),
    ).toBe(
      `Plan for site: push /work/public to ftpes://me@h/htdocs
1 directory of a new file, 1 new, 1 changed, 1 moved, 2 deleted at the source; 5.2 kB to move; 4,446 unchanged (12 compared by size only), 3 kept that only the destination has

directory of a new file (1)
  + css/

new (1)
  + css/a.css  1.2 kB

changed (1)
  ~ index.html  4.0 kB

moved (1)
  > old.txt to new.txt

deleted at the source (2)
  - gone.txt
  - gone/
`,
    ));

  test('with nothing to do says so', () =>
    expect(planText(plan({ untouched: { unchanged: 5, sameBySize: 0, kept: 0 } }))).toBe(
      'Plan for site: push /work/public to ftpes://me@h/htdocs\nNothing to do; 5 unchanged\n',
    ));

  test.each([
    ['pull', 'site', 'Plan for site: pull ftpes://me@h/htdocs to /work/public'],
    ['sync', 'site', 'Plan for site: sync /work/public with ftpes://me@h/htdocs'],
    ['push', '/work/public ftpes://me@h/htdocs', 'Plan: push /work/public to ftpes://me@h/htdocs'],
  ] as const)('names its folders once: %s %s', (direction, job, line) =>
    expect(planText(plan({ direction, job })).split('\n')[0]).toBe(line),
  );

  test('both ways says which side each action writes', () => {
    const text = planText(plan({ direction: 'sync', actions: [upload('a', 1), download('b', 2)] }));
    expect(text).toContain('new, at the remote side (1)\n  + a  1 B\n');
    expect(text).toContain('new, at the local side (1)\n  + b  2 B\n');
  });

  test('a conflict takes several steps: what is counted are these', () => {
    const both = [upload('a.1', 1), download('a', 2)].map((action) => ({ ...action, reason: 'conflict' as const }));
    const text = planText(plan({ direction: 'sync', actions: both }));
    expect(text).toContain('\n1 for a conflict, at the remote side, 1 for a conflict, at the local side; 3 B to move');
  });

  test('shows twenty paths of a reason, or all of them', () => {
    const actions = Array.from({ length: 23 }, (_, i) => upload(`f${i}`, 1));
    expect(planText(plan({ actions }))).toContain('  + f19  1 B\n  … and 3 more (-v shows all)\n');
    expect(planText(plan({ actions }))).not.toContain('f20');
    expect(planText(plan({ actions }), { verbose: true })).toContain('  + f22  1 B\n');
    expect(planText(plan({ actions: actions.slice(3) }))).not.toContain('more');
  });

  test('tells conflicts, problems and why it is refused', () => {
    const text = planText(
      plan({
        conflicts: [{ path: path('c'), local: print, remote: null }],
        problems: [{ path: path('d'), side: 'local', code: 'unreadable', message: 'cannot be read' }],
        guard: { refused: true, reasons: ['30 of 100 files would be deleted; --max-delete 30 allows it'] },
      }),
    );
    expect(text).toContain('1 conflict, 1 problem; 0 unchanged');
    expect(text).toContain('changed on both sides, left alone (1)\n  c\n');
    expect(text).toContain('problems (1)\n  d (local): cannot be read\n');
    expect(text).toContain('Refused, to be safe\n  30 of 100 files would be deleted; --max-delete 30 allows it\n');
  });

  test('makes names safe for a terminal', () =>
    expect(planText(plan({ actions: [upload('a\x1b[2Jb\n', 1)] }))).toContain('  + a\\x1b[2Jb\\x0a  1 B\n'));

  test('is coloured only when asked', () => {
    const actions = [upload('a', 1)];
    expect(planText(plan({ actions }))).not.toContain('\x1b');
    expect(planText(plan({ actions }), { color: true })).toContain('\x1b[32m+\x1b[39m a');
  });
});
