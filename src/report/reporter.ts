/** What every reporter is: a function of events, and an end at which all that was written has left the process. */
import type { RunEvent } from '../model/index.ts';

/** A function of events that writes them somewhere. */
export interface Reporter {
  (event: RunEvent): void;
  /** Takes the progress bar away and waits until everything is written. Safe to call twice. */
  close(): Promise<void>;
}

/** The part of a stream that reporters use. */
export interface Output {
  write(text: string, done?: (error?: Error | null) => void): boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Replaces every known secret in a text. */
export type Mask = (text: string) => string;

/** 0: the essentials. 1: every path, and what the server can do. 2: the same; the wire is traced elsewhere. */
export type Verbosity = 0 | 1 | 2;

/** `auto`: on a terminal, unless NO_COLOR is set. */
export type ColorChoice = 'auto' | 'always' | 'never';
