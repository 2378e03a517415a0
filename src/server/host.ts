// What a session knows of the server that it belongs to.
import type { ServerEvents } from './events.ts';
import type { FailedLogins } from './limits.ts';
import type { Settings } from './options.ts';
import type { Tls } from './tls.ts';
import type { User, Users } from './users.ts';

export interface Host {
  readonly settings: Settings;
  readonly tls: Tls | undefined;
  readonly users: Users;
  readonly failedLogins: FailedLogins;
  /** Real paths that an upload is writing to: nobody else may meanwhile. */
  readonly beingWritten: Set<string>;
  /** Real paths of temporary files of uploads under way: no listing shows them. */
  readonly temporary: Set<string>;
  /** ms since 1970. */
  readonly started: number;
  /** How many are logged in as this user. */
  sessionsOf(user: User): number;
  tell<Name extends keyof ServerEvents>(name: Name, ...values: ServerEvents[Name]): void;
  listensTo(name: keyof ServerEvents): boolean;
  problem(message: string, cause: unknown): void;
}
