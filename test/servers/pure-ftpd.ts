// Pure-FTPd. FEAT: UTF8, EPRT, IDLE, MDTM, SIZE, MFMT, REST STREAM, MLST, MLSD, PRET, AUTH TLS, PBSZ, PROT, TVFS, ESTA,
// PASV, EPSV, ESTP. There is no HASH and no implicit TLS; MDTM sets no time, `SITE UTIME` does. LIST shows files that
// begin with a dot only with -a, MLSD always, and LIST of a folder that is not there shows an empty list with a 226.
// A wrong password is answered after some seconds, a random number of them. It logs to syslog alone, so its log() has
// transfers only. A plain user to the kernel, it is stopped by a folder without permissions.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedEnvironment, installedPath, missing, outputOf } from './installed.ts';
import { hashed } from './password.ts';
import type { Launch, ServerKind, Site } from './real-server.ts';
import { namespaceWhereRootIsUser1, userNamespacesMissing } from './user-namespace.ts';

const program = installedPath('usr/sbin/pure-ftpd');
const passwordProgram = installedPath('usr/bin/pure-pw');

let version: string | undefined;

export const pureFtpd: ServerKind = {
  name: 'pure-ftpd',
  unavailable() {
    return missing(['usr/sbin/pure-ftpd', 'usr/bin/pure-pw'], true) ?? userNamespacesMissing();
  },
  version() {
    version ??= /pure-ftpd v(\S+)/.exec(outputOf(program, ['--help']))?.[1] ?? 'unknown';
    return version;
  },
  async launch(site): Promise<Launch> {
    if (site.tls === 'implicit') throw new Error('Pure-FTPd has no implicit TLS');
    const passwords = join(site.work, 'passwords');
    const database = join(site.work, 'passwords.pdb');
    const line = [site.user, hashed(site.password), 1, 1, '', `${site.root}/./`, ...Array(12).fill('')].join(':');
    writeFileSync(passwords, `${line}\n`, { mode: 0o600 });
    execFileSync(passwordProgram, ['mkdb', database, '-f', passwords], { env: installedEnvironment() });
    const log = join(site.work, 'transfers.log');
    const inside = await namespaceWhereRootIsUser1();
    return {
      command: inside.command,
      args: [...inside.args, program, ...settings(site, database, log)],
      env: installedEnvironment(),
      logs: [log],
    };
  },
};

function settings({ work, port, tls, options, certificate }: Site, database: string, log: string): string[] {
  const args = ['--ipv4only', '--bind', `127.0.0.1,${port}`, '--login', `puredb:${database}`];
  args.push('--chrooteveryone', '--noanonymous', '--dontresolve', '--minuid', '1', '--umask', '133:022');
  args.push('--maxclientsnumber', String(options.maxClients ?? 200), '--maxclientsperip', '1000');
  args.push('--maxidletime', '60', '--limitrecursion', `${options.maxListed ?? 1_000_000}:100`);
  args.push('--pidfile', join(work, 'pid'), '--altlog', `clf:${log}`);
  // Of the clients it takes only half as many as there are ports in this range.
  if (options.passivePorts) args.push('--passiveportrange', options.passivePorts.join(':'));
  if (options.masquerade) args.push('--forcepassiveip', options.masquerade);
  if (tls === 'explicit') args.push('--tls', options.requireTls ? '3' : '1', '--certfile', certificate.both);
  return args;
}
