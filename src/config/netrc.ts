/** Reads `~/.netrc`, the file in which many programs keep logins by machine. */

export interface NetrcLogin {
  readonly user?: string;
  readonly password?: string;
  readonly account?: string;
}

interface NetrcEntry {
  /** Null for `default`, which stands for every machine. */
  readonly machine: string | null;
  login: { user?: string; password?: string; account?: string };
}

const WORDS = { login: 'user', password: 'password', account: 'account' } as const;
const MACRO = /macdef\b[^\n]*(?:\n|$)(?:[^\n]+(?:\n|$))*/y;
const TOKEN = /"((?:[^"\\]|\\.)*)"|([^\s"]\S*)/y;

/**
 * The login for a machine: the first entry for it, of this user where one is asked for, else `default`. A macro ends
 * with an empty line; a word may stand in quotes; what cannot be understood is passed over.
 */
export function netrcLogin(text: string, machine: string, user?: string): NetrcLogin | undefined {
  const fits = ({ login }: NetrcEntry) => user === undefined || login.user === undefined || login.user === user;
  const entries = netrcEntries(text);
  const named = entries.find((entry) => entry.machine?.toLowerCase() === machine.toLowerCase() && fits(entry));
  return (named ?? entries.find((entry) => entry.machine === null && fits(entry)))?.login;
}

function netrcEntries(text: string): NetrcEntry[] {
  const entries: NetrcEntry[] = [];
  let at = 0;
  const next = (gap: RegExp): string | undefined => {
    at += gap.exec(text.slice(at))![0].length;
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (!found) return undefined;
    at = TOKEN.lastIndex;
    return found[1]?.replace(/\\(.)/g, '$1') ?? found[2];
  };
  const nextWord = () => next(/^(?:\s|#[^\n]*)*/);
  // A value may begin with '#': only where a word is due does that start a comment.
  const nextValue = () => next(/^\s*/);
  for (let word = nextWord(); word !== undefined; word = nextWord()) {
    if (word === 'machine') entries.push({ machine: nextValue() ?? '', login: {} });
    else if (word === 'default') entries.push({ machine: null, login: {} });
    else if (word === 'macdef') {
      MACRO.lastIndex = at - word.length;
      at += (MACRO.exec(text)?.[0].length ?? word.length) - word.length;
    } else if (word === 'login' || word === 'password' || word === 'account') {
      const value = nextValue();
      const entry = entries.at(-1);
      if (entry && value !== undefined) entry.login[WORDS[word]] = value;
    }
  }
  return entries;
}
