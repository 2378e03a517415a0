/** Reads and writes the URL of a folder on a server: `ftp://`, `ftpes://` (explicit TLS), `ftps://` (implicit TLS). */
import { printable, segmentFault, UsageError } from '../model/index.ts';
import { nearest } from './nearest.ts';
import type { Protocol } from './settings.ts';

const PORTS: Readonly<Record<Protocol, number>> = { ftp: 21, ftpes: 21, ftps: 990 };
/** Characters of a host's name (RFC 1035, 2.3.4; in its text form). */
const LONGEST_HOST = 253;
/** Characters that such a name may be written with, where each letter is percent-encoded. */
const LONGEST_WRITTEN = 9 * LONGEST_HOST;
/** Characters of a URL that a message shows. */
const LONGEST_SHOWN = 300;
const SPOKEN = 'ftp:// (plain text), ftpes:// (explicit TLS) and ftps:// (implicit TLS)';

export interface RemoteUrl {
  readonly protocol: Protocol;
  /** An IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Left out where the URL names nobody. */
  readonly user?: string;
  /** Left out where the URL has none; whoever reads this warns that it can be seen by others. */
  readonly password?: string;
  /** As in `RemoteSettings`: `''` is the login folder. */
  readonly remote: string;
}

/** Whether a text is meant to be a URL rather than a folder; `C:\site` is a folder. */
export function looksLikeUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(text);
}

/**
 * Reads a URL. `ftp://host` and `ftp://host/` mean the folder a login starts in, `ftp://host/~/x` one below it,
 * `ftp://host/x` an absolute one, `ftp://host//` the server's root. Throws a UsageError that never shows a password.
 */
export function parseRemoteUrl(text: string): RemoteUrl {
  const fail = (why: string) => new UsageError(`${withoutPassword(text)} is not a usable URL: ${why}`);
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text) ?? [];
  const protocol = scheme.toLowerCase();
  if (!isProtocol(protocol)) throw fail(otherScheme(protocol));
  if (/[\u0000-\u001f\u007f]/.test(rest)) throw fail('it contains a control character');
  if (/[?#\\]/.test(rest)) throw fail('in a name or password, write ? as %3F, # as %23 and \\ as %5C');

  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? '' : rest.slice(slash);
  const at = authority.lastIndexOf('@');
  const [, name = '', portText] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority.slice(at + 1)) ?? [];
  const slashInPassword = at < 0 && path.includes('@') ? '; in a password, write / as %2F' : '';
  if (name === '') throw fail(`it names no server${slashInPassword}`);
  const port = portText ? Number(portText) : PORTS[protocol];
  if ((portText && !/^\d+$/.test(portText)) || port < 1 || port > 65_535)
    throw fail(`the port must be a number from 1 to 65535${slashInPassword}`);

  const decode = (part: string) => {
    try {
      return decodeURIComponent(part);
    } catch {
      throw fail('write % as %25');
    }
  };
  const [, userText = '', passwordText] = /^([^:]*)(?::(.*))?$/.exec(authority.slice(0, Math.max(at, 0))) ?? [];
  const user = decode(userText);
  const password = passwordText === undefined ? undefined : decode(passwordText);
  if (/[\r\n\0]/.test(user + (password ?? ''))) throw fail('a user name or password cannot contain a line break');
  try {
    return {
      protocol,
      host: hostOf(name),
      port,
      ...(user && { user }),
      ...(password && { password }),
      remote: folderOf(path, decode),
    };
  } catch (error) {
    throw error instanceof RangeError ? fail(error.message) : error;
  }
}

/**
 * A remote folder as the configuration writes it: `/htdocs` is absolute, `htdocs` and `~/htdocs` are below the folder
 * a login starts in, `''` and `~` are that folder. Throws a RangeError on names that cannot be.
 */
export function remoteFolder(text: string): string {
  const absolute = text.startsWith('/');
  const segments = text.split('/').filter((segment) => segment !== '');
  if (!absolute && segments[0] === '~') segments.shift();
  for (const segment of segments) {
    const fault = segmentFault(segment, 'linux');
    if (fault) throw new RangeError(`${printable(segment)} cannot be a folder's name: ${fault}`);
  }
  if (absolute) return `/${segments.join('/')}`;
  return segments.length === 0 ? '' : `~/${segments.join('/')}`;
}

/** The URL for people, and for telling one pair of folders from another: with the user, without the password. */
export function formatRemoteUrl(place: Omit<RemoteUrl, 'password'>): string {
  const user = place.user && place.user !== 'anonymous' ? `${encode(place.user, /[%?#\\\s:/@]/g)}@` : '';
  const host = place.host.includes(':') ? `[${place.host}]` : place.host;
  const port = place.port === PORTS[place.protocol] ? '' : `:${place.port}`;
  // An absolute path that would read as 'nothing' or as '~' gets a second slash.
  const path = place.remote.startsWith('/') ? place.remote : place.remote && `/${place.remote}`;
  const remote = place.remote.startsWith('/') && /^\/(?:~\/|~?$)/.test(path) ? `/${path}` : path;
  return `${place.protocol}://${user}${host}${port}${encode(remote, /[%?#\\\s]/g)}`;
}

function isProtocol(scheme: string): scheme is Protocol {
  return Object.hasOwn(PORTS, scheme);
}

function otherScheme(scheme: string): string {
  if (scheme === 'sftp') return `SFTP is part of SSH and another protocol than FTP; Ferry speaks ${SPOKEN}`;
  const meant = nearest(scheme, Object.keys(PORTS));
  return `Ferry speaks ${SPOKEN}${meant ? `; did you mean ${meant}://?` : ''}`;
}

/** A name or address as it is dialled, an IPv6 address without brackets. Throws a RangeError. */
export function hostOf(name: string): string {
  // Asked before it is read: what reads a name of another script takes the square of its length.
  if (name.length > LONGEST_WRITTEN) throw new RangeError(tooLong(name));
  let host: string;
  try {
    host = new URL(`ftp://${name}`).hostname.replace(/^\[|\]$/g, '');
  } catch {
    throw new RangeError(`${printable(name)} is not a host name or address`);
  }
  if (host.replace(/\.$/, '').length > LONGEST_HOST) throw new RangeError(tooLong(name));
  return host;
}

// `%2F` at the front is how RFC 1738, 3.2.2 writes an absolute path; here it means the same.
function folderOf(path: string, decode: (part: string) => string): string {
  if (path === '' || path === '/') return '';
  const written = path.replace(/^\/%2f/i, '//');
  const segments = written.split('/').map(decode);
  if (segments.some((segment) => segment.includes('/'))) throw new RangeError('a name in it contains a slash');
  return remoteFolder(segments[1] === '~' ? segments.slice(1).join('/') : segments.join('/'));
}

function tooLong(name: string): string {
  return `${printable(name.slice(0, 40))}… is not a host name: those have at most ${LONGEST_HOST} characters`;
}

function encode(text: string, characters: RegExp): string {
  return text.replace(characters, (character) => encodeURIComponent(character));
}

/** For messages: what is long is cut off, after the password was taken out. */
function withoutPassword(text: string): string {
  const masked = text.replace(/^([^/]*\/\/)(.*)@/s, '$1***@');
  return printable(masked.length > LONGEST_SHOWN ? `${masked.slice(0, LONGEST_SHOWN)}…` : masked);
}
