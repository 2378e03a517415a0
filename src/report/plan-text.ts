/** A plan for people: counts by reason, then the paths of each. */
import { type Action, type Plan, printable } from '../model/index.ts';
import { bytesText, counted, countText } from './bytes.ts';
import { paint } from './color.ts';

const SHOWN = 20;

/** How much of a plan is shown. */
export interface PlanTextOptions {
  /** Every path, not only the first twenty of a reason. */
  readonly verbose?: boolean;
  readonly color?: boolean;
}

/** The whole text, ending in a line break. Names are made safe for a terminal; secrets are masked where it is written. */
export function planText(plan: Plan, { verbose = false, color = false }: PlanTextOptions = {}): string {
  const { bold, red, yellow, green } = paint(color);
  const shades = { '+': green, '~': yellow, '-': red, '>': yellow } as const;
  const most = verbose ? Number.POSITIVE_INFINITY : SHOWN;
  const groups = byHeading(plan);
  const out: string[] = [];
  const section = (title: string, lines: readonly string[]) => {
    out.push('', bold(title), ...lines.slice(0, most).map((line) => `  ${line}`));
    if (lines.length > most) out.push(`  … and ${countText(lines.length - most)} more (-v shows all)`);
  };

  out.push(headline(plan));
  out.push(summaryOf(plan, groups));
  for (const [heading, actions] of groups)
    section(
      `${heading} (${countText(actions.length)})`,
      actions.map((action) => {
        const mark = markOf(action);
        return `${shades[mark](mark)} ${describe(action)}`;
      }),
    );
  if (plan.conflicts.length > 0)
    section(
      `changed on both sides, left alone (${countText(plan.conflicts.length)})`,
      plan.conflicts.map(({ path }) => printable(path)),
    );
  if (plan.problems.length > 0)
    section(
      `problems (${countText(plan.problems.length)})`,
      plan.problems.map(({ path, side, message }) => `${printable(path || '.')} (${side}): ${printable(message)}`),
    );
  if (plan.guard.refused) section(red('Refused, to be safe'), plan.guard.reasons.map(printable));
  return `${out.join('\n')}\n`;
}

function headline({ job, direction, local, remote }: Plan): string {
  const pair =
    direction === 'pull' ? `${remote} to ${local}` : `${local} ${direction === 'sync' ? 'with' : 'to'} ${remote}`;
  // The name of a run without a job is its two folders: once is enough.
  const named = job.includes(' ') ? 'Plan' : `Plan for ${job}`;
  return printable(`${named}: ${direction} ${pair}`);
}

function summaryOf(plan: Plan, groups: ReadonlyMap<string, readonly Action[]>): string {
  const { unchanged, sameBySize, kept } = plan.untouched;
  const parts = [...groups].map(([heading, actions]) => `${countText(actions.length)} ${heading}`);
  if (plan.conflicts.length > 0) parts.push(counted(plan.conflicts.length, 'conflict'));
  if (plan.problems.length > 0) parts.push(counted(plan.problems.length, 'problem'));
  const bytes = plan.actions.reduce((sum, action) => sum + ('size' in action ? action.size : 0), 0);
  const moved = bytes > 0 ? `; ${bytesText(bytes)} to move` : '';
  const todo = parts.length === 0 ? 'Nothing to do' : `${parts.join(', ')}${moved}`;
  const bySize = sameBySize > 0 ? ` (${countText(sameBySize)} compared by size only)` : '';
  const extra = kept > 0 ? `, ${countText(kept)} kept that only the destination has` : '';
  return `${todo}; ${countText(unchanged)} unchanged${bySize}${extra}`;
}

/** In the order in which a run comes to them. */
function byHeading(plan: Plan): ReadonlyMap<string, readonly Action[]> {
  const groups = new Map<string, Action[]>();
  for (const action of plan.actions) {
    const heading = headingOf(action, plan);
    const group = groups.get(heading);
    if (group) group.push(action);
    else groups.set(heading, [action]);
  }
  return groups;
}

/** The reason; where both sides can change, also which one does. */
function headingOf(action: Action, { direction }: Plan): string {
  if (direction !== 'sync') return action.reason;
  const side = 'side' in action ? action.side : action.action === 'upload' ? 'remote' : 'local';
  // One conflict takes several steps: what is counted are these.
  const reason = action.reason === 'conflict' ? 'for a conflict' : action.reason;
  return `${reason}, at the ${side} side`;
}

function markOf(action: Action): '+' | '~' | '-' | '>' {
  switch (action.action) {
    case 'upload':
    case 'download':
      return action.replaces === null ? '+' : '~';
    case 'mkdir':
      return '+';
    case 'delete':
    case 'replace':
      return '-';
    case 'rename':
      return '>';
  }
}

function describe(action: Action): string {
  const path = printable(action.path);
  switch (action.action) {
    case 'upload':
    case 'download':
      return `${path}  ${bytesText(action.size)}`;
    case 'mkdir':
      return `${path}/`;
    case 'delete':
    case 'replace':
      return action.kind === 'directory' ? `${path}/` : path;
    case 'rename':
      return `${printable(action.from)} to ${path}`;
  }
}
