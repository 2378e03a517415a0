/** Tells a monitor that all went well: a request to its URL (healthchecks.io, Uptime Kuma, ...), a few times if need be. */
import { setTimeout as pause } from 'node:timers/promises';

export interface BeatOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long one request may take, in ms. Default 5000. */
  readonly timeout?: number;
  /** How long to wait before the next attempt, in ms. Default 1000. */
  readonly pause?: number;
  /** Where a proxy may be named. Default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const ATTEMPTS = 3;

/** Resolves with why it failed, in words that follow the URL's host; undefined where the monitor answered with 2xx. */
export async function beat(url: string, options: BeatOptions = {}): Promise<string | undefined> {
  const { signal, timeout = 5000, pause: delay = 1000, env = process.env } = options;
  let why: string | undefined;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    if (signal?.aborted) return why ?? 'was not asked, because the run was stopped';
    if (attempt > 1) await pause(delay, undefined, signal ? { signal } : {}).catch(() => {});
    const answer = await request(url, AbortSignal.any([AbortSignal.timeout(timeout), ...(signal ? [signal] : [])]));
    if (answer === undefined) return undefined;
    why = answer.unreached ? `${answer.why}${hintAt(env)}` : answer.why;
    if (answer.final) break;
  }
  return why;
}

/**
 * The way out of a network that lets nothing past its proxy. LIMIT: `fetch` goes through one only with Node 24 or newer,
 * where NODE_USE_ENV_PROXY asks for it; a dependency for that one request is not worth its while.
 */
function hintAt(env: Readonly<Record<string, string | undefined>>): string {
  const name = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].find((one) => env[one]);
  if (name === undefined || env.NODE_USE_ENV_PROXY === '1') return '';
  return `; it does not go through the proxy that ${name} names: let a program tell it, such as ["curl", "-fsS", URL]`;
}

interface Answer {
  readonly why: string;
  /** Whether asking again will not help. */
  readonly final: boolean;
  readonly unreached?: boolean;
}

async function request(url: string, signal: AbortSignal): Promise<Answer | undefined> {
  try {
    const { ok, status, body } = await fetch(url, { signal, headers: { 'user-agent': 'ferry' } });
    await body?.cancel();
    // An address that the monitor does not know will not become known by asking again.
    return ok ? undefined : { why: `answered ${status}`, final: status < 500 && status !== 408 && status !== 429 };
  } catch (error) {
    if ((error as Error).name === 'TimeoutError')
      return { why: 'did not answer in time', final: false, unreached: true };
    const { code, message } = ((error as Error).cause ?? error) as { code?: string; message: string };
    return { why: `could not be reached (${code ?? message})`, final: false, unreached: true };
  }
}
