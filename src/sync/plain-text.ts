/** Whether a connection in plain text could have been an encrypted one. */
import type { ServerSettings } from '../config/settings.ts';
import type { Capabilities } from '../model/index.ts';

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/i;

/** AUTH in FEAT names what a server offers (RFC 4217, 6). */
export function offersTls({ features, tls }: Capabilities): boolean {
  return tls === null && /\b(?:TLS|SSL)\b/i.test(features.AUTH ?? '');
}

/** What is to be said of plain text that was asked for, or is needless; undefined where there is none, or it never leaves this machine. */
export function plainTextWarning(
  { host }: Pick<ServerSettings, 'host'>,
  capabilities: Capabilities,
): string | undefined {
  const { tls } = capabilities;
  if (tls && !tls.dataProtected) {
    const commands = tls.controlProtected ? '' : ', and so do commands and names (tls.ccc)';
    return `the content of all files travels as plain text (tls.protect is "clear")${commands}`;
  }
  if (tls && !tls.controlProtected) return 'commands and names travel as plain text after the login (tls.ccc)';
  if (LOOPBACK.test(host) || !offersTls(capabilities)) return undefined;
  return 'the password and all content travel as plain text, and this server offers TLS: use ftpes:// instead of ftp://';
}
