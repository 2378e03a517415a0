/** How a span of time is written in flags and in the configuration. */

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
export const DURATION = /^\d+(?:\.\d+)?(?:ms|s|m|h|d)?$/;
/** For messages: what a duration looks like. */
export const A_DURATION = 'a duration: seconds (90), or "500ms", "90s", "5m", "2h", "1d"';

/** Milliseconds of `90` (seconds), `'90'`, `'500ms'`, `'90s'`, `'5m'`, `'2h'` or `'1d'`. Throws a RangeError. */
export function parseDuration(written: number | string): number {
  const text = String(written).trim();
  const [, digits, unit = 's'] = /^([\d.]+)([a-z]*)$/.exec(text) ?? [];
  const factor = Object.hasOwn(MILLISECONDS, unit || 's') ? MILLISECONDS[unit || 's'] : undefined;
  if (!DURATION.test(text) || digits === undefined || factor === undefined)
    throw new RangeError(`${JSON.stringify(text)} is not ${A_DURATION}`);
  return Math.round(Number(digits) * factor);
}
