// vsftpd. FEAT: UTF8, EPRT, EPSV, MDTM, PASV, REST STREAM, SIZE, TVFS, and AUTH, PBSZ, PROT with TLS. So there is no
// MLSD, no HASH and no MFMT; `MDTM <time> <file>` sets times when the server allows it, as here. LIST shows files that
// begin with a dot only with -a, and of a folder that is not there it shows an empty list with a 226. It keeps root's
// right to write everywhere, so a folder without permissions stops it not.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedEnvironment, installedLibrary, installedPath, missing, outputOf } from './installed.ts';
import { hashed } from './password.ts';
import type { Launch, ServerKind, Site } from './real-server.ts';
import { removeStale } from './stale.ts';

const program = installedPath('usr/sbin/vsftpd');
const pamServices = '/etc/pam.d';
const pamPrefix = 'ferry-test-vsftpd-';
const pamModule = (): string | undefined => installedLibrary('security/pam_pwdfile.so');

let version: string | undefined;

export const vsftpd: ServerKind = {
  name: 'vsftpd',
  unavailable() {
    return missing(['usr/sbin/vsftpd'], true) ?? (pamModule() ? undefined : 'pam_pwdfile.so is not there');
  },
  version() {
    // It prints its version to descriptor 0.
    version ??= /\d[\d.]*\d/.exec(outputOf('sh', ['-c', '"$0" -v 0>&1', program]))?.[0] ?? 'unknown';
    return version;
  },
  async launch(site): Promise<Launch> {
    const service = pamService(site);
    const empty = join(site.work, 'empty');
    mkdirSync(empty);
    const log = join(site.work, 'vsftpd.log');
    const configuration = join(site.work, 'vsftpd.conf');
    writeFileSync(configuration, `${settings(site, service, empty, log).join('\n')}\n`);
    return {
      command: program,
      args: [configuration],
      env: installedEnvironment(),
      logs: [log],
      outside: [join(pamServices, service)],
    };
  },
};

/** vsftpd asks PAM and nobody else, so each server brings a PAM service of its own that knows its one user. */
function pamService(site: Site): string {
  removeStale(pamServices, pamPrefix);
  const passwords = join(site.work, 'passwords');
  writeFileSync(passwords, `${site.user}:${hashed(site.password)}\n`, { mode: 0o600 });
  const service = `${pamPrefix}${process.pid}-${randomBytes(4).toString('hex')}`;
  writeFileSync(
    join(pamServices, service),
    `auth required ${pamModule()} pwdfile=${passwords} nodelay\naccount required pam_permit.so\n`,
  );
  return service;
}

function settings({ root, port, tls, options, certificate }: Site, service: string, empty: string, log: string) {
  const lines = [
    'listen=YES',
    'background=NO',
    'listen_address=127.0.0.1',
    `listen_port=${port}`,
    'anonymous_enable=NO',
    'local_enable=YES',
    `pam_service_name=${service}`,
    'session_support=NO',
    // The login is nobody of this machine. Its files belong to whom the tests run as, so both can change all of them.
    'guest_enable=YES',
    'guest_username=root',
    'virtual_use_local_privs=YES',
    `local_root=${root}`,
    'chroot_local_user=YES',
    'allow_writeable_chroot=YES',
    `secure_chroot_dir=${empty}`,
    'write_enable=YES',
    'local_umask=022',
    'mdtm_write=YES',
    'utf8_filesystem=YES',
    // Its filter knows not all the calls that the C library of today makes.
    'seccomp_sandbox=NO',
    `max_clients=${options.maxClients ?? 200}`,
    'max_per_ip=0',
    'max_login_fails=10',
    'delay_failed_login=0',
    'idle_session_timeout=3600',
    'data_connection_timeout=3600',
    'accept_timeout=60',
    'connect_timeout=60',
    'xferlog_enable=YES',
    'log_ftp_protocol=YES',
    `vsftpd_log_file=${log}`,
  ];
  if (options.passivePorts) lines.push(`pasv_min_port=${options.passivePorts[0]}`);
  if (options.passivePorts) lines.push(`pasv_max_port=${options.passivePorts[1]}`);
  if (options.masquerade) lines.push(`pasv_address=${options.masquerade}`);
  if (tls === 'none') return lines;
  const force = options.requireTls ? 'YES' : 'NO';
  lines.push(
    'ssl_enable=YES',
    'ssl_tlsv1=YES',
    'ssl_sslv2=NO',
    'ssl_sslv3=NO',
    'ssl_ciphers=HIGH',
    'require_ssl_reuse=YES',
    `force_local_logins_ssl=${force}`,
    `force_local_data_ssl=${force}`,
    `rsa_cert_file=${certificate.certificate}`,
    `rsa_private_key_file=${certificate.key}`,
    'debug_ssl=YES',
  );
  if (tls === 'implicit') lines.push('implicit_ssl=YES');
  return lines;
}
