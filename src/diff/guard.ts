/** The last look before anything is touched: would this run remove more than anyone meant to? */
import { type Guard, printable, type RelPath } from '../model/index.ts';

export type MaxDelete = { readonly count: number } | { readonly percent: number } | 'default';

export interface GuardInput {
  /** Removals planned on the destination, replacements of kind included. */
  readonly deletes: number;
  /** Files in scope. */
  readonly destinationTotal: number;
  readonly sourceTotal: number;
  readonly baselineTotal: number;
  /** The source's root does not exist. */
  readonly sourceMissing: boolean;
  /** Where the source is, for people. */
  readonly source?: string;
  /** Source directories whose listing could not be trusted and on which a delete would depend. */
  readonly sourceIncomplete: readonly { readonly path: RelPath; readonly because: string }[];
  readonly maxDelete: MaxDelete;
  readonly allowEmptySource?: boolean;
}

const DEFAULT_PERCENT = 25;
/** Up to so many deletes the default never refuses: of few files, most may well go. */
const DEFAULT_FLOOR = 10;
/** A source that lost one file is no sign of an unmounted disk. */
const TELLING = 2;

export function guard(input: GuardInput): Guard {
  const reasons = [
    ...(input.sourceMissing ? [missing(input)] : emptied(input)),
    ...tooMany(input),
    ...input.sourceIncomplete.map(
      ({ path, because }) =>
        `the source's listing of ${path === '' ? 'its root' : printable(path)} may be incomplete (${printable(because)}), and deletes depend on it; run again, or use --delete none`,
    ),
  ];
  return { refused: reasons.length > 0, reasons };
}

function missing({ source }: GuardInput): string {
  const where = source === undefined ? '' : ` ${printable(source)}`;
  return `the source${where} does not exist; check the path, or make it if it is meant to be empty`;
}

function emptied(input: GuardInput): string[] {
  const elsewhere = Math.max(input.baselineTotal, input.destinationTotal);
  if (input.sourceTotal > 0 || elsewhere < TELLING || input.allowEmptySource) return [];
  const known = input.destinationTotal >= TELLING ? 'the destination holds' : 'the last run left';
  return [
    `the source holds no files at all, but ${known} ${elsewhere}; is it mounted? Allow it with --allow-empty-source`,
  ];
}

function tooMany({ deletes, destinationTotal, maxDelete }: GuardInput): string[] {
  // Directories are removals, too, and no files: but all is all, and nothing is more than that.
  const share = destinationTotal === 0 ? 100 : Math.min(100, (deletes / destinationTotal) * 100);
  const limit =
    maxDelete === 'default'
      ? {
          exceeded: deletes > DEFAULT_FLOOR && share > DEFAULT_PERCENT,
          text: `${DEFAULT_PERCENT} % and ${DEFAULT_FLOOR}`,
        }
      : 'count' in maxDelete
        ? { exceeded: deletes > maxDelete.count, text: `${maxDelete.count}` }
        : { exceeded: deletes > 0 && share > maxDelete.percent, text: `${maxDelete.percent} %` };
  if (!limit.exceeded) return [];
  const percent = Math.ceil(share);
  return [
    `${deletes} of ${destinationTotal} files would be deleted (${percent} %), more than ${limit.text}; allow it with --max-delete ${deletes} or --max-delete ${percent}%`,
  ];
}
