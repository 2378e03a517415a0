import { describe, expect, test } from 'vitest';
import { formatRemoteUrl, looksLikeUrl, parseRemoteUrl, remoteFolder } from '../../src/config/index.ts';
import { UsageError } from '../../src/model/index.ts';

const ftp = { protocol: 'ftp', host: 'h', port: 21, remote: '' };

describe('a URL', () => {
  test.each([
    ['without a path is the login folder', 'ftp://h', ftp],
    ['with a lone slash is the login folder', 'ftp://h/', ftp],
    ['with two slashes is the root of the server', 'ftp://h//', { ...ftp, remote: '/' }],
    ['with %2F is the root of the server', 'ftp://h/%2F', { ...ftp, remote: '/' }],
    ['with a path is absolute', 'ftp://h/htdocs/a', { ...ftp, remote: '/htdocs/a' }],
    ['loses slashes at the end and doubled ones', 'ftp://h/htdocs//a/', { ...ftp, remote: '/htdocs/a' }],
    ['with %2F in front is absolute', 'ftp://h/%2Fetc/x', { ...ftp, remote: '/etc/x' }],
    ['with ~ is relative to the login folder', 'ftp://h/~/a/b', { ...ftp, remote: '~/a/b' }],
    ['with ~ alone is the login folder', 'ftp://h/~', ftp],
    ['may name a folder ~ by a second slash', 'ftp://h//~/a', { ...ftp, remote: '/~/a' }],
    ['may name a folder ~bob', 'ftp://h/~bob', { ...ftp, remote: '/~bob' }],
    ['is decoded segment by segment', 'ftp://h/a%20b/%23c/%2541/ü', { ...ftp, remote: '/a b/#c/%41/ü' }],
    ['may contain blanks as they are', 'ftp://h/a b', { ...ftp, remote: '/a b' }],
    ['ftpes is explicit TLS on port 21', 'ftpes://h', { ...ftp, protocol: 'ftpes' }],
    ['ftps is implicit TLS on port 990', 'ftps://h', { ...ftp, protocol: 'ftps', port: 990 }],
    ['ftps with port 21 written out keeps it', 'ftps://h:21', { ...ftp, protocol: 'ftps', port: 21 }],
    ['with an empty port has the usual one', 'ftp://h:/', ftp],
    [
      'has its scheme and host in lower case',
      'FTP://FTP.Example.COM/A',
      { ...ftp, host: 'ftp.example.com', remote: '/A' },
    ],
    [
      'may name an IPv6 host',
      'ftp://u@[2001:DB8::1]:2121/a',
      { ...ftp, host: '2001:db8::1', port: 2121, user: 'u', remote: '/a' },
    ],
    ['may name an international host', 'ftp://bücher.example', { ...ftp, host: 'xn--bcher-kva.example' }],
    ['with a user', 'ftp://me@h', { ...ftp, user: 'me' }],
    ['with a user that is a mail address', 'ftp://me@site.example@h', { ...ftp, user: 'me@site.example' }],
    ['with a password', 'ftp://me:p%40s%3Ash%2F%23@h', { ...ftp, user: 'me', password: 'p@s:sh/#' }],
    ['with a colon in the password', 'ftp://me:a:b@h', { ...ftp, user: 'me', password: 'a:b' }],
    ['with an empty password has none', 'ftp://me:@h', { ...ftp, user: 'me' }],
  ])('%s: %s', (_, text, url) => expect(parseRemoteUrl(text)).toEqual(url));

  test.each([
    ['sftp://me@h/x', 'SFTP is part of SSH'],
    ['ftpse://h', 'did you mean ftpes://?'],
    ['http://h', 'Ferry speaks ftp:// (plain text)'],
    ['h/x', 'Ferry speaks ftp:// (plain text)'],
    ['ftp://', 'it names no server'],
    ['ftp:///x', 'it names no server'],
    ['ftp://me@/x', 'it names no server'],
    ['ftp://h:0', 'the port must be a number from 1 to 65535'],
    ['ftp://h:65536', 'the port must be a number from 1 to 65535'],
    ['ftp://h:1e2', 'the port must be a number from 1 to 65535'],
    ['ftp://[::g]', 'is not a host name or address'],
    ['ftp://a b/', 'is not a host name or address'],
    ['ftp://h/../x', "it is '..'"],
    ['ftp://h/a/./x', "it is '.'"],
    ['ftp://h/a%2Fb', 'a name in it contains a slash'],
    ['ftp://h/a%00', 'it contains a NUL byte'],
    ['ftp://h/a%0D%0ADELE%20x', 'it contains a line break'],
    ['ftp://h/a\nb', 'it contains a control character'],
    ['ftp://me%0d%0aDELE@h/', 'cannot contain a line break'],
    ['ftp://h/100%', 'write % as %25'],
    ['ftp://h/a?b', 'write ? as %3F'],
  ])('%j is refused: %s', (text, why) => {
    expect(() => parseRemoteUrl(text)).toThrow(UsageError);
    expect(() => parseRemoteUrl(text)).toThrow(why);
  });

  test.each([
    ['ftp://me:hunter2#x@h/', '# as %23'],
    ['ftp://me:hunter2/x@h/', 'in a password, write / as %2F'],
    ['ftp://me:hunter2%@h/', 'write % as %25'],
    ['ftp://me:hunter2@h:x/', 'the port'],
    ['sftp://me:hunter2@h/', 'SFTP'],
  ])('%j: the message never shows the password', (text, why) => {
    expect(() => parseRemoteUrl(text)).toThrow(why);
    expect(() => parseRemoteUrl(text)).not.toThrow(/hunter2/);
  });

  test.each([
    ['of many labels', `${'a.'.repeat(127)}com`],
    ['in another script', '서'.repeat(3000)],
  ])('a host name that is too long, %s, is refused', (_, host) => {
    expect(() => parseRemoteUrl(`ftp://${host}/`)).toThrow('… is not a host name: those have at most 253 characters');
  });

  test('the message about a long one is short, and never shows the password', () => {
    const text = `ftp://me:${'hunter2'.repeat(100)}@h:x/${'long/'.repeat(100)}`;
    expect(() => parseRemoteUrl(text)).toThrow(/^ftp:\/\/\*{3}@h:x\/(?:long\/)+\w*… is not a usable URL: the port/);
  });

  test.each([
    'ftp://h',
    'ftp://h//',
    'ftp://h/htdocs/a',
    'ftp://h/~/a',
    'ftp://h//~/a',
    'ftp://h//~',
    'ftps://me@h',
    'ftps://me@h:21/x',
    'ftpes://me@[::1]:2121/x%20y/%2541',
    'ftp://a%40b%3Ac@h/x',
  ])('%s is written as it was read', (text) => expect(formatRemoteUrl(parseRemoteUrl(text))).toBe(text));

  test('is written without the password, and without anonymous', () => {
    expect(formatRemoteUrl(parseRemoteUrl('ftp://me:secret@h/x'))).toBe('ftp://me@h/x');
    expect(formatRemoteUrl({ ...parseRemoteUrl('ftp://h/x'), user: 'anonymous' })).toBe('ftp://h/x');
  });

  test.each([
    ['ftp://h', true],
    ['sftp://h', true],
    ['FTPS://h', true],
    ['public', false],
    ['./ftp:x', false],
    ['C:\\site', false],
    ['C:/site', false],
    ['C://site', false],
  ])('%s looks like one: %s', (text, is) => expect(looksLikeUrl(text)).toBe(is));
});

describe('a remote folder in the configuration', () => {
  test.each([
    ['', ''],
    ['~', ''],
    ['~/', ''],
    ['/', '/'],
    ['//', '/'],
    ['/htdocs/', '/htdocs'],
    ['htdocs', '~/htdocs'],
    ['~/htdocs//a', '~/htdocs/a'],
    ['/~/a', '/~/a'],
    ['/100% #1?', '/100% #1?'],
  ])('%j is %j', (written, folder) => expect(remoteFolder(written)).toBe(folder));

  test.each(['..', '/a/../b', './a', 'a\nb', 'a\0b'])('%j is refused', (written) =>
    expect(() => remoteFolder(written)).toThrow(RangeError),
  );
});
