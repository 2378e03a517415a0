// A certificate authority and a certificate for localhost signed by it, made once for each test process.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeStale } from './stale.ts';

export interface Certificate {
  /** Paths of PEM files. */
  caFile: string;
  certificateFile: string;
  keyFile: string;
  /** Certificate and key in one file, as some servers want them. */
  bothFile: string;
  /** PEM texts. */
  ca: string;
  certificate: string;
  key: string;
}

const prefix = 'ferry-test-certificate-';
let made: Certificate | undefined;

export function certificate(): Certificate {
  made ??= make();
  return made;
}

function make(): Certificate {
  removeStale(tmpdir(), prefix);
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  };

  // The key of the authority only signs here, so it is of the kind that is quick to make; the server's is RSA because
  // the oldest of the servers know nothing else.
  openssl(
    ...[
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-sha256',
      '-days',
      '30',
    ],
    ...['-subj', '/CN=Ferry test authority', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
    ...['-keyout', path('ca.key'), '-out', path('ca.pem')],
  );
  openssl(
    ...['req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost'],
    ...['-keyout', path('server.key'), '-out', path('server.csr')],
  );
  writeFileSync(
    path('server.ext'),
    [
      'basicConstraints=critical,CA:FALSE',
      'keyUsage=critical,digitalSignature,keyEncipherment',
      'extendedKeyUsage=serverAuth',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
    ].join('\n'),
  );
  openssl(
    ...['x509', '-req', '-in', path('server.csr'), '-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial'],
    ...['-sha256', '-days', '30', '-extfile', path('server.ext'), '-out', path('server.pem')],
  );

  const ca = readFileSync(path('ca.pem'), 'utf8');
  const certificate = readFileSync(path('server.pem'), 'utf8');
  const key = readFileSync(path('server.key'), 'utf8');
  writeFileSync(path('both.pem'), key + certificate, { mode: 0o600 });
  return {
    caFile: path('ca.pem'),
    certificateFile: path('server.pem'),
    keyFile: path('server.key'),
    bothFile: path('both.pem'),
    ca,
    certificate,
    key,
  };
}
