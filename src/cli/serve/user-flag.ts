/** `--user NAME:PASSWORD:PERMISSIONS`. What is wrong with it is said without showing it: it holds a password. */
import type { ServeUser } from '../../config/index.ts';
import { everything } from '../../server/index.ts';

export interface GivenUser {
  readonly name: string;
  /** Undefined where it is to be asked for. */
  readonly password: string | undefined;
  readonly permissions: string;
}

const HASH = /^scrypt:\d+:\d+:\d+:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+/;

/**
 * `ann:secret`, `ann:secret:elr`, `ann:se:cret:elr`, `ann:scrypt:...:elr`; `ann` and `ann::elr` leave the password out. Throws a
 * RangeError.
 */
export function parseUser(written: string): GivenUser {
  const colon = written.indexOf(':');
  const name = colon < 0 ? written : written.slice(0, colon);
  if (name === '')
    throw new RangeError('there is no name in front of the first colon; wanted NAME:PASSWORD:PERMISSIONS');
  if (/[\x00-\x1f\x7f]/.test(written)) throw new RangeError('a line break or control character cannot be in it');
  if (colon < 0) return { name, password: undefined, permissions: everything };
  const rest = written.slice(colon + 1);
  const hash = HASH.exec(rest)?.[0];
  const cut = hash === undefined ? rest.lastIndexOf(':') : hash.length < rest.length ? hash.length : -1;
  const password = cut < 0 ? rest : rest.slice(0, cut);
  const permissions = cut < 0 ? everything : rest.slice(cut + 1);
  if (permissions === '' || [...permissions].some((letter) => !everything.includes(letter))) {
    throw new RangeError(
      `behind the last colon of the user ${JSON.stringify(name)} there must be permissions, letters of ${everything}; ` +
        `a password with a colon in it needs them: NAME:PASSWORD:${everything}`,
    );
  }
  return { name, password: password === '' ? undefined : password, permissions };
}

/** The same with the password that was asked for in between. */
export function serveUser({ name, permissions }: GivenUser, password: string): ServeUser {
  return { name, password, permissions };
}

/** What `ps` may show of the flag's value. */
export function withoutPassword(written: string): string {
  const colon = written.indexOf(':');
  return colon < 0 ? written : `${written.slice(0, colon)}:***`;
}
