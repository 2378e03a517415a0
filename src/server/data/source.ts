// Where the next data connection comes from: a passive listener or an active dial. One source serves one transfer.
import type { Socket } from 'node:net';

export interface DataSource {
  /**
   * The data connection, with its TLS if it has any, not yet read from. Rejects when it does not come within `timeout` ms,
   * or when the source is closed.
   */
  connect(timeout: number): Promise<Socket>;
  /** Ends it; a connection that nobody took is cut. */
  close(): void;
}

/** An address in one spelling, whether it came over an IPv4 or a dual-stack socket. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address.replace(/%.*$/, '');
}
