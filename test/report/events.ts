/** Events as a run would emit them, each a literal with room for what a test cares about. */
import {
  NOTHING_DONE,
  type Plan,
  type RelPath,
  type RunEvent,
  type RunEventBody,
  type Summary,
} from '../../src/model/index.ts';

type Body<T extends RunEventBody['type']> = Omit<Extract<RunEventBody, { type: T }>, 'type'>;

const at = (body: object, seconds = 0) =>
  ({ ...body, time: new Date(Date.UTC(2026, 0, 2) + seconds * 1000).toISOString() }) as RunEvent;

export const path = (text: string) => text as RelPath;

export const start = (more: Partial<Body<'start'>> = {}) =>
  at({
    type: 'start',
    job: 'site',
    direction: 'push',
    local: '/work/public',
    remote: 'ftpes://me@h/htdocs',
    dryRun: false,
    ...more,
  });

export const planned = (counts: Partial<Body<'plan'>['counts']>, more: Partial<Omit<Body<'plan'>, 'counts'>> = {}) =>
  at({
    type: 'plan',
    counts: { upload: 0, download: 0, mkdir: 0, delete: 0, replace: 0, rename: 0, ...counts },
    bytes: 0,
    conflicts: 0,
    guard: { refused: false, reasons: [] },
    ...more,
  });

export const action = (more: Partial<Body<'action'>> = {}) =>
  at({
    type: 'action',
    action: 'upload',
    side: 'remote',
    path: 'a.txt',
    reason: 'new',
    size: 1200,
    status: 'done',
    attempt: 1,
    bytes: 1200,
    ...more,
  });

export const progress = (seconds: number, more: Partial<Body<'progress'>> = {}) =>
  at({ type: 'progress', phase: 'transfer', files: 0, filesTotal: 0, bytes: 0, bytesTotal: 0, ...more }, seconds);

export const problem = (name: string, message: string) =>
  at({ type: 'problem', path: path(name), side: 'local', code: 'unreadable', message });

export const warning = (message: string) => at({ type: 'warning', message });

export const retry = (more: Partial<Body<'retry'>> = {}) =>
  at({ type: 'retry', path: 'a.txt', attempt: 2, delay: 2000, message: 'the connection was reset', ...more });

export const capabilities = (more: Partial<Body<'capabilities'>> = {}) =>
  at({ type: 'capabilities', software: 'vsFTPd 3.0.5', uses: ['MLSD', 'resuming'], lacks: ['hashes'], ...more });

export const counts = (more: Partial<Summary> = {}): Summary => ({
  ...NOTHING_DONE,
  job: 'site',
  exitCode: 0,
  seconds: 0.9,
  ...more,
});

export const summary = (more: Partial<Summary> = {}) => at({ type: 'summary', ...counts(more) });

export const plan = (more: Partial<Plan> = {}): Plan => ({
  version: 1,
  job: 'site',
  direction: 'push',
  local: '/work/public',
  remote: 'ftpes://me@h/htdocs',
  madeAt: '2026-01-02T00:00:00.000Z',
  actions: [],
  conflicts: [],
  problems: [],
  untouched: { unchanged: 0, sameBySize: 0, kept: 0 },
  guard: { refused: false, reasons: [] },
  ...more,
});
