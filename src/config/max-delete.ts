/** How the guard's limit on deletes is written. */
import type { MaxDelete } from './settings.ts';

export const MAX_DELETE = /^\d+%?$/;
/** For messages: what the limit looks like. */
export const A_MAX_DELETE = 'a number of deletes (20) or a share of the side ("30%")';

/** `20`, `'20'` or `'30%'`. Throws a RangeError, also above 100 %. */
export function parseMaxDelete(written: number | string): MaxDelete {
  const text = String(written).trim();
  const amount = Number.parseInt(text, 10);
  if (!MAX_DELETE.test(text) || (text.endsWith('%') && amount > 100))
    throw new RangeError(`${JSON.stringify(text)} is not ${A_MAX_DELETE}`);
  return text.endsWith('%') ? { percent: amount } : { count: amount };
}
