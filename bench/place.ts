/** A folder on a server, and how to log in there. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** From `/`. */
  readonly path: string;
}
