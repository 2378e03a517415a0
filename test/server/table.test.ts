/** Holds the page for those who come from pyftpdlib to its commands and to the tests that there are. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installedEnvironment } from '../servers/installed.ts';

const HERE = import.meta.dirname;

/** Commands of pyftpdlib 1.5.7 with TLS, for machines without it. */
const KNOWN =
  'ABOR ALLO APPE AUTH CDUP CWD DELE EPRT EPSV FEAT HELP LIST MDTM MFMT MKD MLSD MLST MODE NLST NOOP OPTS PASS PASV PBSZ PORT PROT PWD QUIT REIN REST RETR RMD RNFR RNTO SITE SIZE STAT STOR STOU STRU SYST TYPE USER XCUP XCWD XMKD XPWD XRMD'.split(
    ' ',
  );

/** Its callbacks, and the settings of its handler and server that an administrator sets. */
const SETTINGS =
  'on_connect on_disconnect on_login on_login_failed on_logout on_file_sent on_file_received on_incomplete_file_sent on_incomplete_file_received timeout banner max_login_attempts auth_failed_timeout permit_foreign_addresses permit_privileged_ports masquerade_address passive_ports use_gmt_times unicode_errors max_cons max_cons_per_ip read_limit write_limit certfile keyfile tls_control_required tls_data_required override_perm add_anonymous'.split(
    ' ',
  );

const PROGRAM =
  'from pyftpdlib.handlers import TLS_FTPHandler; print(*{c.split()[0] for c in TLS_FTPHandler.proto_cmds})';

function installed(): string[] {
  const { status, stdout } = spawnSync('/usr/bin/python3', ['-W', 'ignore', '-c', PROGRAM], {
    encoding: 'utf8',
    env: installedEnvironment(),
  });
  return status === 0 ? stdout.trim().split(/\s+/) : [];
}

function rows(): { theirs: string; ours: string; title: string }[] {
  const text = readFileSync(resolve(HERE, '../../docs/pyftpdlib.md'), 'utf8');
  const lines = text.split('\n').filter((line) => /^\| (?!pyftpdlib|---)/.test(line));
  return lines.map((line) => {
    const [theirs = '', ours = '', title = ''] = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    return { theirs, ours, title };
  });
}

function titles(): Set<string> {
  const files = [HERE, join(HERE, '../cli')].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => join(folder, name)),
  );
  const found = files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/\btest\('([^']+)'/g)]);
  return new Set(found.map(([, title]) => title!));
}

describe('the table of pyftpdlib', () => {
  test('names every command, callback and setting', () => {
    const named = new Set(rows().flatMap(({ theirs }) => theirs.match(/\w+/g) ?? []));
    const missing = [...new Set([...KNOWN, ...SETTINGS, ...installed()])].filter((name) => !named.has(name));
    expect(missing).toEqual([]);
  });

  test('says for each what is ours, and by which test that is shown', () => {
    const known = titles();
    expect(rows().length).toBeGreaterThan(60);
    expect(rows().filter(({ ours, title }) => ours === '' || !known.has(title))).toEqual([]);
  });
});
