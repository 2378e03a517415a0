// Who may log in, with which home and which permissions.
import { createHmac, randomBytes } from 'node:crypto';
import { hashPassword, isHash, matches } from './password.ts';
import { everything, type PermissionOverride, Permissions, readOnly } from './permissions.ts';

/** Someone who may log in. */
export interface UserOptions {
  readonly name: string;
  /** The password, or what `hashPassword` made of it. */
  readonly password: string;
  /** The folder that this user sees as `/`. Default: the server's `root`. */
  readonly home?: string;
  /** Letters of `elradfmwMT`. Default: all of them. */
  readonly permissions?: string;
  readonly overrides?: readonly PermissionOverride[];
  /** Sessions of this user at one time. */
  readonly maxConnections?: number;
  /** Sent with 230. */
  readonly welcome?: string;
}

export interface AnonymousOptions {
  readonly home?: string;
  /** Default `elr`: reading only. */
  readonly permissions?: string;
  readonly overrides?: readonly PermissionOverride[];
  readonly maxConnections?: number;
  readonly welcome?: string;
}

export interface User {
  readonly name: string;
  readonly home: string;
  readonly permissions: Permissions;
  readonly maxConnections: number;
  readonly welcome: string;
}

interface Account {
  readonly user: User;
  readonly password: string;
}

/** The accounts of one server. A login costs the same whether or not the name exists. */
export class Users {
  readonly #accounts = new Map<string, Account>();
  readonly #anonymous: User | undefined;
  readonly #hashed: boolean;
  #decoy: Promise<string> | undefined;
  // scrypt is slow on purpose; a client with eight connections should pay once. Only right passwords are remembered, and
  // only as a keyed hash whose key lives as long as the process.
  readonly #key = randomBytes(32);
  readonly #known = new Set<string>();

  /** @throws TypeError for a user without a home, a name given twice, an unknown permission. */
  constructor(users: readonly UserOptions[], anonymous: AnonymousOptions | undefined, root: string | undefined) {
    for (const { name, password, ...rest } of users) {
      if (this.#accounts.has(name)) throw new TypeError(`User "${name}" is given twice.`);
      this.#accounts.set(name, { user: toUser(name, rest, root, everything), password });
    }
    this.#anonymous = anonymous && toUser('anonymous', anonymous, root, readOnly);
    this.#hashed = users.some(({ password }) => isHash(password));
  }

  isAnonymous(name: string): boolean {
    return this.#anonymous !== undefined && !this.#accounts.has(name) && /^(anonymous|ftp)$/i.test(name);
  }

  /** The user, or undefined when name or password is wrong. */
  async login(name: string, password: string): Promise<User | undefined> {
    if (this.isAnonymous(name)) return this.#anonymous;
    const account = this.#accounts.get(name);
    const kept = account?.password ?? (await this.#nobody());
    const mark = createHmac('sha256', this.#key).update(`${kept}\n${password}`).digest('base64');
    if (account !== undefined && this.#known.has(mark)) return account.user;
    const right = await matches(password, kept);
    if (!right || account === undefined) return undefined;
    this.#known.add(mark);
    return account.user;
  }

  #nobody(): Promise<string> {
    const password = randomBytes(16).toString('hex');
    this.#decoy ??= this.#hashed ? hashPassword(password) : Promise.resolve(password);
    return this.#decoy;
  }
}

function toUser(name: string, options: AnonymousOptions, root: string | undefined, permissions: string): User {
  const home = options.home ?? root;
  if (home === undefined) throw new TypeError(`User "${name}" has no home: give "home", or "root" to the server.`);
  return {
    name,
    home,
    permissions: new Permissions(options.permissions ?? permissions, options.overrides),
    maxConnections: options.maxConnections ?? Number.POSITIVE_INFINITY,
    welcome: options.welcome ?? 'Logged in.',
  };
}
