/** How an amount of bytes is written in flags and in the configuration; a rate is an amount a second. */

const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1000,
  m: 1000 ** 2,
  g: 1000 ** 3,
  t: 1000 ** 4,
  ki: 1024,
  mi: 1024 ** 2,
  gi: 1024 ** 3,
  ti: 1024 ** 4,
};
const WRITTEN = String.raw`\d+(?:\.\d+)?(?:[kmgtKMGT]i?)?B?`;
export const AMOUNT = new RegExp(`^${WRITTEN}$`);
/** For messages: what an amount looks like. */
export const AN_AMOUNT = 'a number of bytes: 500000, "500k", "2M", "1.5G" (k is 1,000; Ki is 1,024)';

/** Any but none: where 0 bytes would let nothing happen. */
export const SOME = new RegExp(`^(?=[\\d.]*[1-9])${WRITTEN}$`);
export const SOME_BYTES = AN_AMOUNT.replace('bytes', 'bytes above 0');

/** Bytes of `2000`, `'500k'`, `'2M'`, `'1.5G'`, `'64Ki'`, `'2MB'`. Throws a RangeError. */
export function parseBytes(written: number | string): number {
  const text = String(written).trim();
  const [, digits, unit = ''] = /^([\d.]+)([a-z]*?)B?$/i.exec(text) ?? [];
  const factor = BYTES[unit.toLowerCase()];
  if (!AMOUNT.test(text) || digits === undefined || factor === undefined)
    throw new RangeError(`${JSON.stringify(text)} is not ${AN_AMOUNT}`);
  return Math.round(Number(digits) * factor);
}

/** The same above 0. Throws a RangeError. */
export function parseSomeBytes(written: number | string): number {
  if (!SOME.test(String(written).trim()))
    throw new RangeError(`${JSON.stringify(String(written).trim())} is not ${SOME_BYTES}`);
  return parseBytes(written);
}
