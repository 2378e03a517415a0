/** Whether a connection in plain text could have been an encrypted one. */
import type { Capabilities } from '../model/index.ts';

/** AUTH in FEAT names what is offered (RFC 4217, 6). */
export function offersTls({ features, tls }: Capabilities): boolean {
  return tls === null && /\b(?:TLS|SSL)\b/i.test(features.AUTH ?? '');
}
