/** Connects and finds out what a server can do, for people who set a job up. */
import type { RemoteSettings } from '../config/settings.ts';
import type { Capabilities, Listing } from '../model/index.ts';
import { ROOT } from '../model/index.ts';
import { remoteOf } from './remote-side.ts';

/** What `check` found. */
export interface CheckReport {
  readonly capabilities: Capabilities;
  /** The remote folder; null where it could not be listed, and then `trouble` says why. */
  readonly root: Listing | null;
  readonly trouble?: string;
  /** How long connecting and logging in took, in ms. */
  readonly connectTime: number;
}

/** @throws ConnectError, LoginError, TlsError. */
export async function check(
  target: RemoteSettings,
  options: { signal?: AbortSignal; wire?: (line: string) => void },
): Promise<CheckReport> {
  const remote = remoteOf(target, options.wire);
  const since = performance.now();
  try {
    await remote.open(options.signal);
    const connectTime = Math.round(performance.now() - since);
    try {
      const root = await remote.list(ROOT, options.signal);
      return { capabilities: remote.capabilities, root, connectTime };
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      return { capabilities: remote.capabilities, root: null, trouble, connectTime };
    }
  } finally {
    await remote.close();
  }
}
