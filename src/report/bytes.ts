/** How amounts are shown to people: bytes in decimal units, counts with separators. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `0 B`, `999 B`, `1.2 kB`, `12 MB`; one decimal below ten. */
export function bytesText(bytes: number): string {
  let unit = 0;
  let amount = bytes;
  // 999.5 would be shown as 1000.
  while (Math.round(amount) >= 1000 && unit < UNITS.length - 1) {
    amount /= 1000;
    unit++;
  }
  const digits = unit > 0 && Math.round(amount * 10) < 100 ? 1 : 0;
  return `${amount.toFixed(digits)} ${UNITS[unit]}`;
}

/** `4,446` */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 file`, `4,446 files`; the plural is given where it is not an added s. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}
