/** Dates as servers print them: exact ones in UTC (RFC 3659, 2.3), and wall-clock ones of `LIST` in the server's zone. */
import type { Stamps } from '../../model/index.ts';

/** When something was modified, as an Entry tells it. */
export interface Modified {
  readonly mtime: number | null;
  readonly precision: number;
  readonly zoned: boolean;
  readonly stamps: Stamps;
}

export const NOT_TOLD: Modified = Object.freeze({
  mtime: null,
  precision: 1000,
  zoned: false,
  stamps: Object.freeze({}),
});

const MINUTE = 60_000;
const DAY = 86_400_000;

// Abbreviated month names with three letters of ASCII; no word here means two different months in two languages.
const MONTHS = new Map<string, number>();
for (const [index, names] of [
  'jan ene gen',
  'feb fev',
  'mar mrz',
  'apr abr avr',
  'may mai mag maj',
  'jun giu',
  'jul lug',
  'aug ago',
  'sep set',
  'oct okt ott out',
  'nov',
  'dec dez dic',
].entries()) {
  for (const name of names.split(' ')) MONTHS.set(name, index + 1);
}

/** 1 to 12 for an abbreviated month name, undefined for any other word. */
export function monthOf(name: string): number | undefined {
  return MONTHS.get(name.toLowerCase());
}

export function isDate(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/**
 * The `time-val` of RFC 3659, 2.3: `YYYYMMDDHHMMSS`, perhaps with a fraction, in UTC. A server that puts 19 before the
 * years since 1900 prints the year 2000 as 19100; that is read too.
 */
export function exactTime(text: string): Modified {
  if (!/^(?:\d{14}|191\d{12})(?:\.\d+)?$/.test(text)) return NOT_TOLD;
  const dot = text.indexOf('.');
  const end = dot < 0 ? text.length : dot;
  const year = end === 15 ? 1900 + digits(text, 2, 5) : digits(text, 0, 4);
  const month = digits(text, end - 10, end - 8);
  const day = digits(text, end - 8, end - 6);
  const hour = digits(text, end - 6, end - 4);
  const minute = digits(text, end - 4, end - 2);
  const second = digits(text, end - 2, end);
  // 60 is a leap second; the arithmetic carries it into the next minute.
  if (year < 1601 || !isDate(year, month, day) || hour > 23 || minute > 59 || second > 60) return NOT_TOLD;
  const ms = dot < 0 ? 0 : Number(text.slice(dot + 1, dot + 4).padEnd(3, '0'));
  return {
    mtime: Date.UTC(year, month - 1, day, hour, minute, second, ms),
    // Servers that keep whole seconds and print `.000` all the same must not be believed to be exact.
    precision: ms === 0 ? 1000 : 1,
    zoned: true,
    stamps: { mlst: text },
  };
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) value = value * 10 + text.charCodeAt(at) - 0x30;
  return value;
}

/**
 * Reads the dates of one server's LIST lines.
 * LIMIT: one offset stands for the whole year. Where a server prints local time and has summer time, what was modified
 * in the other half of the year is an hour off; the stamps are not.
 */
export class WallClock {
  readonly #offset: number;
  readonly #zoned: boolean;
  readonly #limit: Date;

  /** @param offsetMinutes how far the server's clock is ahead of UTC; null: not known, UTC is assumed */
  constructor(now: Date, offsetMinutes: number | null) {
    this.#offset = (offsetMinutes ?? 0) * MINUTE;
    this.#zoned = offsetMinutes !== null;
    // Zones and clocks that are a little ahead put a new file into tomorrow, never further.
    this.#limit = new Date(now.getTime() + this.#offset + DAY);
  }

  /**
   * The latest year in which a date without one is not more than a day in the future.
   * LIMIT: a file that is dated further into the future, by less than the half year in which servers print no year, is
   * put a year back.
   */
  yearOf(month: number, day: number, hour: number, minute: number): number {
    const limit = this.#limit;
    let year = limit.getUTCFullYear();
    if (Date.UTC(year, month - 1, day, hour, minute) > limit.getTime()) year -= 1;
    if (month === 2 && day === 29) while (daysIn(year, 2) < 29) year -= 1;
    return year;
  }

  /** A date with its time. Undefined if there is no such date. */
  minute(year: number, month: number, day: number, hour: number, minute: number): Modified | undefined {
    if (!isDate(year, month, day) || hour > 23 || minute > 59) return undefined;
    return {
      mtime: Date.UTC(year, month - 1, day, hour, minute) - this.#offset,
      precision: MINUTE,
      zoned: this.#zoned,
      stamps: { list: dateText(year, month, day) + timeText(hour, minute) },
    };
  }

  /** A date alone. Undefined if there is no such date. */
  day(year: number, month: number, day: number): Modified | undefined {
    if (!isDate(year, month, day)) return undefined;
    return {
      mtime: Date.UTC(year, month - 1, day) - this.#offset,
      precision: DAY,
      zoned: this.#zoned,
      stamps: { list: dateText(year, month, day) },
    };
  }
}

/** Seconds since the epoch, as EPLF prints them. */
export function epochTime(seconds: number): Modified {
  const mtime = seconds * 1000;
  if (!(Math.abs(mtime) <= 8.64e15)) return NOT_TOLD;
  return { mtime, precision: 1000, zoned: true, stamps: { list: new Date(mtime).toISOString().slice(0, 19) } };
}

const dateText = (year: number, month: number, day: number) => `${year}-${two(month)}-${two(day)}`;
const timeText = (hour: number, minute: number) => `T${two(hour)}:${two(minute)}`;
const two = (n: number) => (n < 10 ? `0${n}` : `${n}`);
