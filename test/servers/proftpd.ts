// ProFTPD, with mod_tls and mod_digest. FEAT: CLNT, CSID, EPRT, EPSV, HASH CRC32;MD5;SHA-1*;SHA-256;SHA-512, HOST, LANG,
// MD5, MDTM, MFF, MFMT, MLST, RANG STREAM, REST STREAM, SIZE, TVFS, UTF8, XCRC, XMD5, XSHA, XSHA1, XSHA256, XSHA512, and
// AUTH TLS, CCC, PBSZ, PROT, SSCN with TLS. MDTM sets no time. LIST shows files that begin with a dot only with -a, MLSD
// always. SIZE answers only after TYPE I. It gives up root's rights, so a folder without permissions stops it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedEnvironment, installedPath, missing, outputOf } from './installed.ts';
import { hashed } from './password.ts';
import type { Launch, ServerKind, Site } from './real-server.ts';

const program = installedPath('usr/sbin/proftpd');
const modules = installedPath('usr/lib/proftpd');

let version: string | undefined;

export const proftpd: ServerKind = {
  name: 'proftpd',
  unavailable() {
    return missing(['usr/sbin/proftpd', 'usr/lib/proftpd/mod_tls.so', 'usr/lib/proftpd/mod_digest.so'], true);
  },
  version() {
    version ??= /Version (\S+)/.exec(outputOf(program, ['-v']))?.[1] ?? 'unknown';
    return version;
  },
  async launch(site): Promise<Launch> {
    const log = join(site.work, 'proftpd.log');
    const tlsLog = join(site.work, 'tls.log');
    // It trusts neither a password file that others may read nor one whose folder they may write to.
    const passwords = join(site.work, 'passwords');
    const line = [site.user, hashed(site.password), 0, 0, '', site.root, '/bin/false'].join(':');
    writeFileSync(passwords, `${line}\n`, { mode: 0o600 });
    mkdirSync(join(site.work, 'run'));
    const configuration = join(site.work, 'proftpd.conf');
    writeFileSync(configuration, `${settings(site, passwords, log, tlsLog).join('\n')}\n`);
    return {
      command: program,
      args: ['--nodaemon', '--quiet', '--config', configuration],
      env: installedEnvironment(),
      logs: [log, tlsLog],
    };
  },
};

function settings({ work, port, tls, options, certificate }: Site, passwords: string, log: string, tlsLog: string) {
  const lines = [
    `ModulePath ${modules}`,
    'LoadModule mod_tls.c',
    'LoadModule mod_digest.c',
    'ServerType standalone',
    'ServerName "Ferry test"',
    'DefaultAddress 127.0.0.1',
    'SocketBindTight on',
    `Port ${port}`,
    'UseIPv6 off',
    'UseReverseDNS off',
    'User root',
    'Group root',
    `PidFile ${work}/run/pid`,
    `ScoreboardFile ${work}/run/scoreboard`,
    'DelayEngine off',
    'ControlsEngine off',
    'WtmpLog off',
    'TransferLog none',
    `SystemLog ${log}`,
    'DebugLevel 2',
    // The login is nobody of this machine. Its files belong to whom the tests run as, so both can change all of them.
    'AuthOrder mod_auth_file.c',
    `AuthUserFile ${passwords}`,
    'RootLogin on',
    'RequireValidShell off',
    'UseFtpUsers off',
    'MaxLoginAttempts 10',
    'DefaultRoot ~',
    'Umask 022 022',
    'AllowOverwrite on',
    'AllowStoreRestart on',
    'AllowRetrieveRestart on',
    'TimesGMT on',
    'ListOptions ""',
    `MaxInstances ${Math.max(400, (options.maxClients ?? 0) + 50)}`,
    `MaxClients ${options.maxClients ?? 200}`,
    'TimeoutIdle 3600',
    'TimeoutLogin 3600',
    'TimeoutNoTransfer 3600',
    'TimeoutStalled 3600',
  ];
  if (options.passivePorts) lines.push(`PassivePorts ${options.passivePorts.join(' ')}`);
  if (options.masquerade) lines.push(`MasqueradeAddress ${options.masquerade}`);
  if (tls === 'none') return lines;
  lines.push(
    'TLSEngine on',
    `TLSLog ${tlsLog}`,
    'TLSProtocol TLSv1.2 TLSv1.3',
    `TLSRSACertificateFile ${certificate.certificate}`,
    `TLSRSACertificateKeyFile ${certificate.key}`,
    `TLSRequired ${options.requireTls ? 'on' : 'off'}`,
    'TLSVerifyClient off',
    'TLSRenegotiate none',
  );
  if (tls === 'implicit') lines.push('TLSOptions UseImplicitSSL');
  return lines;
}
