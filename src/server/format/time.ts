// Times on the wire: `YYYYMMDDHHMMSS[.sss]`, UTC (RFC 3659, 2.3).

/** `ms` since 1970 as a time-val. */
export function formatTime(ms: number, fractions: boolean): string {
  // Many programs, Node among them, set x.089 and get x.088999 on the disk: a microsecond more tells what was meant.
  const iso = new Date(Math.floor(ms + 0.001)).toISOString();
  const text = iso.slice(0, 19).replace(/[-T:]/g, '');
  return fractions ? text + iso.slice(19, 23) : text;
}

/** ms since 1970, or undefined when the text is no time. Digits beyond milliseconds are dropped. */
export function parseTime(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d+))?$/.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as number[];
  const milliseconds = Number((parts[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const ms = Date.UTC(year!, month! - 1, day!, hour!, minute!, Math.min(second!, 59), milliseconds);
  const date = new Date(ms);
  if (date.getUTCMonth() !== month! - 1 || date.getUTCDate() !== day! || hour! > 23 || minute! > 59 || second! > 60) {
    return undefined;
  }
  return ms;
}
