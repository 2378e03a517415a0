/** What a hook is told about the run, in its environment and on its standard input. */
import type { Summary } from '../model/index.ts';

/** What is known of a run before it begins. */
export interface HookAbout {
  readonly job: string;
  readonly direction: string;
  /** Absolute path of the local folder. */
  readonly local: string;
  /** The remote folder as a URL, without the password. */
  readonly remote: string;
}

export interface HookFacts extends HookAbout {
  readonly hook: string;
  /** How the run ended; null where it has not begun. */
  readonly summary: Summary | null;
}

/** Nothing that a program is given may hold a NUL, and a message is one line. */
function oneLine(value: string): string {
  return value.replaceAll('\0', '').replaceAll(/\s*\n\s*/g, ' ');
}

/** `FERRY_…` variables on top of those of this process. */
export function environmentOf(
  { hook, job, direction, local, remote, summary }: HookFacts,
  env: Readonly<Record<string, string | undefined>>,
  mask: (text: string) => string,
): Record<string, string | undefined> {
  const told: Record<string, string | number | undefined> = {
    FERRY_HOOK: hook,
    FERRY_JOB: job,
    FERRY_DIRECTION: direction,
    FERRY_LOCAL: local,
    FERRY_REMOTE: remote,
    // Named even where they are unknown: those of an outer run must not be taken for this one's.
    FERRY_EXIT_CODE: summary?.exitCode,
    FERRY_MESSAGE: summary ? (summary.message ?? '') : undefined,
    FERRY_UPLOADED: summary?.uploaded,
    FERRY_DOWNLOADED: summary?.downloaded,
    FERRY_RENAMED: summary?.renamed,
    FERRY_DELETED: summary?.deleted,
    FERRY_UNCHANGED: summary?.unchanged,
    FERRY_FAILED: summary?.failed,
    FERRY_PROBLEMS: summary?.problems,
    FERRY_BYTES_SENT: summary?.bytesSent,
    FERRY_BYTES_RECEIVED: summary?.bytesReceived,
    FERRY_SECONDS: summary?.seconds,
    FERRY_SNAPSHOT: summary?.snapshot,
  };
  const texts = Object.entries(told).map(([name, value]) => [
    name,
    value === undefined ? undefined : typeof value === 'number' ? String(value) : oneLine(mask(value)),
  ]);
  return { ...env, ...(Object.fromEntries(texts) as Record<string, string | undefined>) };
}

/** One JSON object on one line: the summary's fields, and what the run is about. */
export function inputOf({ summary, ...about }: HookFacts, mask: (text: string) => string): string {
  const masked = (_key: string, value: unknown) => (typeof value === 'string' ? mask(value) : value);
  return `${JSON.stringify({ ...about, ...summary }, masked)}\n`;
}
