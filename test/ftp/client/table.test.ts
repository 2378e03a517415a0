/** Holds the table for those who come from ftplib to what ftplib has and to the tests that there are. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const HERE = import.meta.dirname;

/** Public members of Python 3.11's FTP and FTP_TLS, for machines without it. */
const KNOWN =
  'abort acct auth ccc close connect cwd debug debugging delete dir encoding file getline getmultiline getresp getwelcome host login makepasv makeport maxline mkd mlsd nlst ntransfercmd passiveserver port prot_c prot_p putcmd putline pwd quit rename retrbinary retrlines rmd sanitize sendcmd sendeprt sendport set_debuglevel set_pasv size sock source_address ssl_version storbinary storlines timeout transfercmd trust_server_pasv_ipv4_address voidcmd voidresp welcome'.split(
    ' ',
  );

/** Of the module, but for what it imports. */
const MODULE =
  'FTP FTP_TLS FTP_PORT MAXLINE CRLF B_CRLF Error error_reply error_temp error_perm error_proto all_errors ftpcp parse150 parse227 parse229 parse257 print_line'.split(
    ' ',
  );

const PROGRAM = 'import ftplib; print(*{n for c in (ftplib.FTP, ftplib.FTP_TLS) for n in dir(c) if n[0] != "_"})';

function installed(): string[] {
  const { status, stdout } = spawnSync('/usr/bin/python3', ['-W', 'ignore', '-c', PROGRAM], { encoding: 'utf8' });
  return status === 0 ? stdout.trim().split(/\s+/) : [];
}

interface Row {
  readonly members: readonly string[];
  readonly ours: string;
  readonly title: string;
}

function rows(): Row[] {
  const text = readFileSync(resolve(HERE, '../../../docs/ftplib.md'), 'utf8');
  const lines = text.split('\n').filter((line) => /^\| (?!ftplib|---)/.test(line));
  return lines.map((line) => {
    const [theirs = '', ours = '', title = ''] = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    return { members: [...theirs.matchAll(/`(\w+)/g)].map(([, name]) => name!), ours, title };
  });
}

function titles(): Set<string> {
  const found = new Set<string>();
  for (const file of readdirSync(HERE).filter((name) => name.endsWith('.test.ts'))) {
    const text = readFileSync(join(HERE, file), 'utf8');
    for (const [, title] of text.matchAll(/\btest\b[^'`]*?\(\s*'([^']+)',\s*async/g)) found.add(title!);
    for (const [, title] of text.matchAll(/\)\(\s*'([^']+)',\s*async/g)) found.add(title!);
    for (const [, title] of text.matchAll(/^ *test\('([^']+)'/gm)) found.add(title!);
  }
  return found;
}

describe('the table of ftplib', () => {
  test('names every public member', () => {
    const named = new Set(rows().flatMap(({ members }) => members));
    const missing = [...new Set([...KNOWN, ...MODULE, ...installed()])].filter((member) => !named.has(member));
    expect(missing).toEqual([]);
  });

  test('says for each what is ours, and by which test that is shown', () => {
    const known = titles();
    expect(rows().length).toBeGreaterThan(50);
    expect(rows().filter(({ ours, title }) => ours === '' || !known.has(title))).toEqual([]);
  });
});
