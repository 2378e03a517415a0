/**
 * Places on a server as the hand tools are given them: `NAME:/path` with a server or a job of the configuration, or a
 * URL. The last of a path's words may be patterns (`*.txt`), so they are kept as they were written.
 */
import { printable, segmentFault, UsageError } from '../model/index.ts';
import type { Config } from './load.ts';
import { type ResolveOptions, resolveRemote } from './resolve.ts';
import type { RemoteSettings } from './settings.ts';
import { looksLikeUrl, parseRemoteUrl } from './url.ts';

export interface WrittenPlace {
  /** The server; `remote` is `/`, or `''` for the folder that a login starts in. */
  readonly settings: RemoteSettings;
  /** Names below that, as patterns: a backslash takes its meaning from `*`, `?`, `[` and itself. */
  readonly segments: readonly string[];
  /** Whether a slash at the end says that a folder is meant. */
  readonly folder: boolean;
  /** Whether `/.` at the end says that what is in the folder is meant, and not the folder itself. */
  readonly contents: boolean;
}

// Of one letter before a slash, a drive is meant where there are drives.
const NAMED = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63}):(.*)$/s;
const DRIVE = /^[A-Za-z]:(?:[\\/]|$)/;

/** The name and the path of `NAME:path`; undefined for anything else. */
export function namedPlace(text: string, platform = process.platform): { name: string; path: string } | undefined {
  if (looksLikeUrl(text) || (platform === 'win32' && DRIVE.test(text))) return undefined;
  const found = NAMED.exec(text);
  return found ? { name: found[1]!, path: found[2]! } : undefined;
}

/** Whether a text names a place on a server, rather than a local file; `./a:b` is a local file. */
export function looksRemote(text: string): boolean {
  return looksLikeUrl(text) || namedPlace(text) !== undefined;
}

/** A name without any pattern in it, as a pattern. */
export function literally(name: string): string {
  return name.replace(/[*?[\]\\]/g, '\\$&');
}

/**
 * Settles a place. @throws UsageError where the text is no place, the name is not known or a path cannot be.
 */
export async function resolvePlace(
  config: Config | null,
  text: string,
  options: Omit<ResolveOptions, 'verb'>,
): Promise<WrittenPlace> {
  if (looksLikeUrl(text)) {
    const { head, path } = cutUrl(text);
    const settings = await resolveRemote(null, head, options);
    return within(settings, '', wordsOfUrl(path, text));
  }
  const named = namedPlace(text);
  if (!named) throw notRemote(config, text);
  const settings = await resolveRemote(config, named.name, options);
  return within(settings, settings.remote, wordsOf(named.path, text));
}

/** Words of a path below the place that `base` is, which itself holds no patterns. */
export function below(base: WrittenPlace, path: string): WrittenPlace {
  return within(base.settings, base.settings.remote, wordsOf(path, path), base.segments);
}

interface Words {
  /** Where the path begins: at the server's root, at the folder of the login, or where the name leads. */
  readonly from: 'root' | 'home' | 'here';
  readonly segments: readonly string[];
  readonly folder: boolean;
  readonly contents: boolean;
}

function within(settings: RemoteSettings, remote: string, words: Words, before?: readonly string[]): WrittenPlace {
  const { from, segments, folder, contents } = words;
  const rooted = from === 'here' ? remote.startsWith('/') : from === 'root';
  const standing =
    before ??
    remote
      .replace(/^~(?=\/|$)/, '')
      .split('/')
      .filter((segment) => segment !== '')
      .map(literally);
  return {
    settings: Object.freeze({ ...settings, remote: rooted ? '/' : '' }),
    segments: from === 'here' ? [...standing, ...segments] : segments,
    folder: folder || segments.length === 0,
    contents,
  };
}

function wordsOf(path: string, text: string): Words {
  const from = path.startsWith('/') ? 'root' : /^~(?:\/|$)/.test(path) ? 'home' : 'here';
  return cut(from === 'home' ? path.slice(1) : path, from, text);
}

/** `/` and nothing are the folder of the login, as in every URL; `//` is the root; escaped characters are literal. */
function wordsOfUrl(path: string, text: string): Words {
  if (path === '' || path === '/') return { from: 'home', segments: [], folder: true, contents: false };
  const written = path.replace(/^\/%2f/i, '//');
  const unescaped = written.replace(/(?:%[0-9a-f]{2})+|%/gi, (escaped) => {
    try {
      const name = decodeURIComponent(escaped);
      if (name.includes('/')) throw new UsageError(`${shown(text)} cannot be used: a name in it contains a slash`);
      return literally(name);
    } catch (error) {
      throw error instanceof UsageError ? error : new UsageError(`${shown(text)} cannot be used: write % as %25`);
    }
  });
  return /^\/~(?:\/|$)/.test(unescaped) ? cut(unescaped.slice(2), 'home', text) : cut(unescaped, 'root', text);
}

function cut(path: string, from: Words['from'], text: string): Words {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  for (const segment of segments) {
    const fault = segmentFault(segment, 'linux');
    if (fault)
      throw new UsageError(`${shown(text)} cannot be used: ${printable(segment)} is no name here, as ${fault}`);
  }
  return { from, segments, folder: /(?:^|\/)\.?$/.test(path), contents: /(?:^|\/)\.$/.test(path) };
}

/** The URL of the server alone, and the path as it was written. */
function cutUrl(text: string): { head: string; path: string } {
  const [head = '', path = ''] = [
    /^[^/]*\/\/[^/]*/.exec(text)?.[0],
    text.slice(/^[^/]*\/\/[^/]*/.exec(text)![0].length),
  ];
  // In a path a question mark is a pattern; all else is read, and found fault with, as in any URL.
  parseRemoteUrl(head + path.replaceAll('?', 'x').replaceAll(/%(?![0-9a-f]{2})/gi, '%25'));
  return { head, path };
}

function notRemote(config: Config | null, text: string): UsageError {
  const known = config?.servers.has(text) || config?.jobs.has(text);
  if (known) return new UsageError(`${printable(text)} names a server; name a path on it: ${printable(text)}:/path`);
  return new UsageError(
    `${printable(text)} is no place on a server: write NAME:/path with a server or a job of the configuration, ` +
      'or a URL such as ftpes://user@ftp.example.com/path',
  );
}

function shown(text: string): string {
  return printable(text.replace(/^([^/]*\/\/)(.*)@/s, '$1***@'));
}
