/**
 * Problems where CI services look for them: workflow commands in the log of GitHub Actions
 * (docs.github.com, "Workflow commands"), and GitLab's Code Quality report.
 */
import { createHash } from 'node:crypto';
import { isAbsolute, join, relative, sep } from 'node:path';
import { EXIT, type Problem, printable } from '../model/index.ts';
import { exitReason } from './exit-reason.ts';
import type { Mask } from './reporter.ts';
import type { RunRecord } from './run-record.ts';

/** GitHub shows so many of a kind for each step. */
const SHOWN = 10;

/** One line each; empty where all went well. `workspace`: the checkout, absolute. */
export function githubCommands(record: RunRecord, mask: Mask, workspace: string | undefined): string[] {
  const { start, problems, summary } = record;
  const title = `ferry ${start?.verb ?? start?.direction ?? ''} ${summary?.job ?? start?.job ?? ''}`
    .replaceAll(/ +/g, ' ')
    .trim();
  const commands = problems.first.slice(0, SHOWN - 1).map(({ path, message }) => {
    const file = start && fileIn(workspace, start.local, path);
    const said = `${printable(path || '.')}: ${printable(message)}`;
    return command('error', { ...(file === undefined ? {} : { file }), title }, said, mask);
  });
  const reason = summary && summary.exitCode !== EXIT.different ? exitReason(summary) : undefined;
  if (reason !== undefined) {
    const level = summary!.exitCode === EXIT.agreed ? 'warning' : 'error';
    commands.push(command(level, { title }, `exit ${summary!.exitCode}: ${printable(reason.split('\n')[0]!)}`, mask));
  }
  return commands;
}

function command(name: string, properties: Readonly<Record<string, string>>, message: string, mask: Mask): string {
  const given = Object.entries(properties).map(([key, value]) => `${key}=${escapedProperty(mask(value))}`);
  return `::${name} ${given.join(',')}::${escaped(mask(message))}`;
}

// As in @actions/core: nothing in a name can end a command or begin one.
function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** A path in the checkout, as the service names its files; undefined where it is not in there. */
function fileIn(workspace: string | undefined, local: string, path: string): string | undefined {
  if (workspace === undefined || path === '') return undefined;
  const within = relative(workspace, join(local, path));
  return within.startsWith('..') || isAbsolute(within) ? undefined : within.split(sep).join('/');
}

/** GitLab's Code Quality report, which merge requests show (docs.gitlab.com, "Code Quality report format"). */
export function codeQualityOf({ start, problems }: RunRecord, mask: Mask, workspace: string | undefined): string {
  const issue = ({ path, code, message, side }: Problem) => {
    const file = (start && fileIn(workspace, start.local, path)) ?? (path || '.');
    const described = mask(`${printable(path || '.')}: ${printable(message)}`);
    return {
      description: described,
      check_name: `ferry-${code}`,
      fingerprint: createHash('sha256')
        .update(JSON.stringify([path, side, code]))
        .digest('hex'),
      severity: 'major',
      location: { path: mask(file), lines: { begin: 1 } },
    };
  };
  return `${JSON.stringify(problems.first.map(issue), undefined, 2)}\n`;
}
