// What a user may do where: pyftpdlib's ten letters, with overrides by folder.

/**
 * `e` change folder, `l` list, `r` read; `a` append, `d` delete, `f` rename, `m` make folder, `w` write, `M` change mode,
 * `T` set modification time.
 */
export type Permission = 'e' | 'l' | 'r' | 'a' | 'd' | 'f' | 'm' | 'w' | 'M' | 'T';

export const everything = 'elradfmwMT';
export const readOnly = 'elr';

/** Other permissions in one folder, and below it unless `recursive` is false. */
export interface PermissionOverride {
  /** The folder as the client sees it, `/incoming`. */
  readonly path: string;
  readonly permissions: string;
  /** Default true. */
  readonly recursive?: boolean;
}

/** The permissions of one user. The override of the longest matching folder decides. */
export class Permissions {
  readonly #general: string;
  readonly #overrides: readonly Required<PermissionOverride>[];

  /** @throws TypeError when a letter is none of the ten. */
  constructor(general: string, overrides: readonly PermissionOverride[] = []) {
    this.#general = checked(general);
    this.#overrides = overrides
      .map(({ path, permissions, recursive = true }) => ({
        path: trimmed(path),
        permissions: checked(permissions),
        recursive,
      }))
      .sort((a, b) => b.path.length - a.path.length);
  }

  /** `path` is the file or folder acted upon, absolute as the client sees it. */
  allows(permission: Permission, path: string): boolean {
    return this.at(path).includes(permission);
  }

  /** Whether a folder below this one has permissions of its own, which it would lose were this one renamed. */
  differBelow(path: string): boolean {
    return this.#overrides.some(({ path: folder }) => folder.startsWith(path === '/' ? path : `${path}/`));
  }

  /** All letters that hold for `path`. */
  at(path: string): string {
    for (const { path: folder, permissions, recursive } of this.#overrides) {
      if (path === folder || folder === '/' || path.startsWith(`${folder}/`)) {
        const below = path.slice(folder === '/' ? 1 : folder.length + 1);
        if (recursive || !below.includes('/')) return permissions;
      }
    }
    return this.#general;
  }
}

function checked(letters: string): string {
  for (const letter of letters) {
    if (!everything.includes(letter)) {
      throw new TypeError(`Unknown permission "${letter}": the letters are ${everything}.`);
    }
  }
  return letters;
}

function trimmed(path: string): string {
  const clean = `/${path}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
  return clean;
}
