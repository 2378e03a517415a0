/** Where a server's description stands. */
export interface Origin {
  /** The configuration file; null for a URL on the command line. */
  readonly file: string | null;
  /** The key in that file, such as `servers.web`. */
  readonly path: string;
  /** Whether others can read that file. */
  readonly exposed: boolean;
  /** What relative files are relative to. */
  readonly folder: string;
}
