/** The names of snapshots: their time, UTC, to the second, as in `20261121T144158Z`. */

const NAME = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;
/** Names are whole seconds; no two snapshots have the same. */
export const SECOND = 1000;

/** @param time in ms since the epoch */
export function nameOfTime(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

/** In ms since the epoch; undefined for what is no name of a snapshot. */
export function timeOfName(name: string): number | undefined {
  const [, year, month, day, hour, minute, second] = NAME.exec(name) ?? [];
  if (year === undefined) return undefined;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // 30 February is a date to some.
  return !Number.isNaN(time) && nameOfTime(time) === name ? time : undefined;
}
