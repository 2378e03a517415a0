/** Connects and finds out what a server can do, for people who set a job up. */
import type { RemoteSettings } from '../config/settings.ts';
import type { Capabilities, Listing, Remote } from '../model/index.ts';
import { EXIT, exitCodeOf, FerryError, ROOT } from '../model/index.ts';
import { remoteOf } from './remote-side.ts';

/** What `check` found. */
export interface CheckReport {
  readonly capabilities: Capabilities;
  /** The remote folder; null where it could not be listed, and then `trouble` says why. */
  readonly root: Listing | null;
  readonly trouble?: string;
  /** 0: the folder was listed whole. 3: not, or not all of it. 5: the server lets in, but nothing can be fetched from it. */
  readonly exitCode: number;
  /** How long connecting and logging in took, in ms. */
  readonly connectTime: number;
}

/** @throws ConnectError, LoginError, TlsError of the connection for commands; InterruptedError. */
export async function check(
  target: RemoteSettings,
  options: { signal?: AbortSignal; wire?: (line: string) => void },
): Promise<CheckReport> {
  const remote = remoteOf(target, options.wire);
  const since = performance.now();
  try {
    await remote.open(options.signal);
    const connectTime = Math.round(performance.now() - since);
    const found = await lookedAt(remote, options.signal);
    // Listing has taught it more.
    return { capabilities: remote.capabilities, connectTime, ...found };
  } finally {
    await remote.close();
  }
}

/** A folder that cannot be listed leaves everything else to be told. */
async function lookedAt(
  remote: Remote,
  signal: AbortSignal | undefined,
): Promise<Pick<CheckReport, 'root' | 'trouble' | 'exitCode'>> {
  try {
    const root = await remote.list(ROOT, signal);
    const whole = root.incomplete === undefined && root.problems.length === 0;
    return { root, exitCode: whole ? EXIT.agreed : EXIT.incomplete };
  } catch (error) {
    if (signal?.aborted || !(error instanceof FerryError)) throw error;
    return { root: null, trouble: error.message, exitCode: exitCodeOf(error) };
  }
}
