/**
 * One trial: a pair that agreed, a source that changed since, a run under a fault, an audit of every byte on both
 * sides, and a run without the fault that must put everything right.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { JobSettings } from '../../../src/config/settings.ts';
import type { RunOptions } from '../../../src/sync/index.ts';
import { type Drawing, draw, read } from '../../builders/drawing.ts';
import type { Performed } from '../../builders/perform.ts';
import { type Violation, type Wrong, within } from './harness.ts';
import { subject } from './subject.ts';

export interface Trial {
  /** Of a `sync`, the remote side is the one that changes. */
  readonly direction: 'push' | 'pull' | 'sync';
  /** The two folders, and where the state is kept. */
  readonly local: string;
  readonly remote: string;
  readonly state: string;
  /** For the run under the fault. */
  readonly settings: JobSettings;
  /** For the runs before and after it; the same unless given. */
  readonly calm?: JobSettings;
  readonly before: Drawing;
  readonly after: Drawing;
  /** The fault strikes from now on. */
  readonly begin?: () => void;
  /** Nothing strikes any more. @throws where a fault never happened: such a trial tried nothing. */
  readonly end?: () => void;
  readonly options?: Partial<RunOptions>;
  /** Whether edits come a while after what they replace: not every server tells two of one second apart. */
  readonly unhurried?: boolean;
  /** What must appear nowhere: not in what is told, not in the state. */
  readonly secret?: string;
  /** ms after which the run under the fault counts as hung. */
  readonly patience?: number;
}

export interface Tried {
  readonly violations: readonly Violation[];
  /** Undefined where it hung. */
  readonly under: Performed | undefined;
  readonly next: Performed | undefined;
  /** Whether both sides agreed when the run under the fault was over. */
  readonly agreed: boolean;
  /** The destination when the run under the fault was over. */
  readonly destination: Readonly<Record<string, string | null>>;
  /** Temporary names that the run under the fault left behind, on either side. */
  readonly leftovers: readonly string[];
}

const PATIENCE = 60_000;
/** When what is replaced was written, in an unhurried trial; seconds since 1970. */
const AGO = 1_700_000_000;

export async function attempt(trial: Trial): Promise<Tried> {
  const { direction, local, remote, state, settings, calm = settings, before } = trial;
  const { run, forgetful } = subject();
  // Who remembers nothing is not asked to see what only memory can tell.
  const after = forgetful ? Object.fromEntries(Object.entries(trial.after).map(longer(before))) : trial.after;
  const [source, destination] = direction === 'push' ? [local, remote] : [remote, local];
  const violations: Violation[] = [];
  const wrong = (kind: Wrong, what: string) => void violations.push({ wrong: kind, what });

  mkdirSync(source, { recursive: true });
  mkdirSync(destination, { recursive: true });
  mkdirSync(state, { recursive: true });
  become(source, {}, before);
  if (trial.unhurried) for (const path of Object.keys(before)) utimesSync(join(source, path), AGO, AGO);
  const first = await run(calm, state);
  if (first.summary.exitCode !== 0) throw new Error(`the first run failed: ${explained(first)}`);
  become(source, before, after);

  trial.begin?.();
  const stop = new AbortController();
  let under: Performed | undefined;
  const lines: string[] = [];
  const wire = (line: string) => {
    lines.push(line);
    trial.options?.wire?.(line);
  };
  const running = run(settings, state, { signal: stop.signal, ...trial.options, wire }).then((performed) => {
    under = performed;
  });
  if (!(await within(trial.patience ?? PATIENCE, running))) {
    wrong('hang', 'the run under the fault did not end');
    stop.abort(new Error('given up'));
    await within(PATIENCE, running);
  }
  trial.end?.();

  const there = read(destination);
  const leftovers = [...temporaries(local), ...temporaries(remote)];
  violations.push(...audit(there, before, after));
  const kept = withoutTemporaries(read(source));
  if (!isDeepStrictEqual(kept, { ...after })) wrong('lost', `the source was touched: ${difference(kept, after)}`);
  const agreed = isDeepStrictEqual(withoutTemporaries(there), { ...after });
  if (under) {
    const { exitCode } = under.summary;
    if (exitCode === 0 && !agreed) wrong('false success', `exit 0, and yet: ${difference(there, after)}`);
    if (exitCode !== 0 && agreed) wrong('wrong exit', `exit ${exitCode} though both sides agree: ${explained(under)}`);
    if (exitCode === 1) wrong('crash', explained(under));
  }

  if (trial.secret !== undefined && tells([under?.events, lines], state, trial.secret))
    wrong('secret', 'the password was told');

  const next = await run(calm, state);
  const now = read(destination);
  if (next.summary.exitCode !== 0) wrong('unconverged', `the next run: ${explained(next)}`);
  else if (!isDeepStrictEqual(withoutTemporaries(now), { ...after }))
    wrong('unconverged', `the next run ended with 0, and yet: ${difference(now, after)}`);
  const left = [...temporaries(local), ...temporaries(remote)];
  if (left.length > 0) wrong('orphan', `left after the next run: ${left.join(', ')}`);
  return { violations, under, next, agreed, destination: there, leftovers };
}

/** An edit that keeps the size becomes one that does not. */
const longer =
  (before: Drawing) =>
  ([path, content]: [string, string | null]): [string, string | null] =>
    before[path] !== content && before[path]?.length === content?.length
      ? [path, `${content}, longer`]
      : [path, content];

/** Whether a secret is in what was told, or in a folder. */
function tells(told: unknown, folder: string, secret: string): boolean {
  if (JSON.stringify(told).includes(secret)) return true;
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path));
  return files.some((file) => lstatSync(file).isFile() && readFileSync(file).includes(secret));
}

/** Every final name holds the whole old or the whole new bytes, and nothing is missing that both have. */
export function audit(found: Drawing, before: Drawing, after: Drawing): Violation[] {
  const violations: Violation[] = [];
  for (const [path, content] of Object.entries(found)) {
    if (content === null || path.endsWith('.ferry')) continue;
    if (before[path] === content || after[path] === content) continue;
    violations.push({ wrong: 'torn', what: `${path} is neither old nor new (${content.length} bytes)` });
  }
  for (const path of Object.keys(before)) {
    if (path in after && !(path in found)) violations.push({ wrong: 'lost', what: `${path} is gone` });
  }
  return violations;
}

/** What of two drawings differs, in a few words. */
export function difference(found: Drawing, wanted: Drawing): string {
  const named: string[] = [];
  for (const path of new Set([...Object.keys(found), ...Object.keys(wanted)])) {
    if (path.endsWith('.ferry')) continue;
    if (!(path in found)) named.push(`${path} missing`);
    else if (!(path in wanted)) named.push(`${path} too many`);
    else if (found[path] !== wanted[path]) named.push(`${path} differs`);
  }
  return named.slice(0, 5).join(', ') || 'nothing';
}

export function explained({ summary, problems }: Performed): string {
  return [`exit ${summary.exitCode}`, summary.message, ...problems.slice(0, 3)].filter(Boolean).join('; ');
}

/** Makes a folder that holds one drawing hold another; what is in both is not touched. */
export function become(folder: string, from: Drawing, to: Drawing): void {
  for (const path of Object.keys(from)) if (!(path in to)) remove(folder, path);
  const changed = Object.entries(to).filter(([path, content]) => from[path] !== content);
  draw(folder, Object.fromEntries(changed));
}

function remove(folder: string, path: string): void {
  rmSync(join(folder, path), { force: true, recursive: true });
  const above = dirname(join(folder, path));
  if (above !== folder && existsSync(above) && readdirSync(above).length === 0) rmdirSync(above);
}

export function temporaries(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ferry'));
}

export function withoutTemporaries(drawing: Drawing): Drawing {
  return Object.fromEntries(Object.entries(drawing).filter(([path]) => !path.endsWith('.ferry')));
}
