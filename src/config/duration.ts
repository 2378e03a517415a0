/** How a span of time is written in flags and in the configuration. */

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const WRITTEN = String.raw`\d+(?:\.\d+)?(?:ms|s|m|h|d)?`;
export const DURATION = new RegExp(`^${WRITTEN}$`);
/** For messages: what a duration looks like. */
export const A_DURATION = 'a duration: seconds (90), or "500ms", "90s", "5m", "2h", "1d"';
/** Any but none: where a time of 0 would let nothing happen. */
export const LASTING = new RegExp(`^(?=[\\d.]*[1-9])${WRITTEN}$`);
export const A_LASTING_DURATION = A_DURATION.replace('a duration', 'a duration above 0');

/** Milliseconds of `90` (seconds), `'90'`, `'500ms'`, `'90s'`, `'5m'`, `'2h'` or `'1d'`. Throws a RangeError. */
export function parseDuration(written: number | string): number {
  const text = String(written).trim();
  const [, digits, unit = 's'] = /^([\d.]+)([a-z]*)$/.exec(text) ?? [];
  const factor = Object.hasOwn(MILLISECONDS, unit || 's') ? MILLISECONDS[unit || 's'] : undefined;
  if (!DURATION.test(text) || digits === undefined || factor === undefined)
    throw new RangeError(`${JSON.stringify(text)} is not ${A_DURATION}`);
  return Math.round(Number(digits) * factor);
}

/** What a timer of Node's waits for at most, in ms: 24.8 days. Beyond it, it would go off at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** ms that a single timer can wait for. */
export function deadline(ms: number): number {
  return Math.min(ms, LONGEST_TIMER);
}

/** The same as {@link parseDuration} above 0. Throws a RangeError. */
export function parseLastingDuration(written: number | string): number {
  if (!LASTING.test(String(written).trim()))
    throw new RangeError(`${JSON.stringify(String(written).trim())} is not ${A_LASTING_DURATION}`);
  return parseDuration(written);
}
