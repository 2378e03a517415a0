/** Programs of the user's own that run around a job. */

/** A program and its arguments; no shell reads them. */
export type Argv = readonly [program: string, ...args: string[]];

/** Which programs run when: the parts of a job's `hooks`. */
export interface HookSettings {
  /** Run in order before anything is looked at; one that fails stops the run. */
  readonly before: readonly Argv[];
  /** Run after a run that ended with exit code 0. */
  readonly after: readonly Argv[];
  /** Run after any other run. */
  readonly failed: readonly Argv[];
  /** Told after a run that ended with exit code 0: an http(s) URL, or a program. Its failure is only a warning. */
  readonly heartbeat: string | Argv | null;
  /** How long each may take, in ms. */
  readonly timeout: number;
  /** The folder that they run in, absolute. */
  readonly folder: string;
}
