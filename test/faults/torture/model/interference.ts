/**
 * A run that dies: from one moment on nothing that it calls has any effect, on either side or on what is remembered, and
 * its connections are gone. What it had not done by then it never does, just as if it had been killed.
 */
import { InterruptedError, type LocalStage } from '../../../../src/model/index.ts';
import type { RunOptions } from '../../../../src/sync/index.ts';
import type { openPair } from '../../../../src/sync/pair.ts';

const LANE = [
  'write',
  'read',
  'inspect',
  'find',
  'setModified',
  'rename',
  'remove',
  'removeDirectory',
  'makeDirectory',
];
const REMOTE = ['list', 'sight', 'makeRoot', 'hash', 'lane', 'open'];
const LOCAL = [
  'list',
  'look',
  'open',
  'sha256',
  'stage',
  'remove',
  'removeDirectory',
  'makeDirectory',
  'rename',
  'flush',
];
const STAGE = ['write', 'commit', 'keep', 'discard'];
const MEMORY = 'learn forget propose withdraw saveCheckpoint dropCheckpoint saveSwap dropSwap setNote flush'.split(' ');

type Call = (...args: unknown[]) => unknown;

export class Life {
  /** Calls of the ports so far. */
  calls = 0;
  private readonly controller = new AbortController();
  private readonly stages = new Set<LocalStage>();
  private readonly open: typeof openPair;
  private readonly onDeath: () => void;
  private readonly killedAt: (call: number) => 'before' | 'after' | undefined;

  /** @param killedAt whether it dies at the nth call, and whether that is still carried out. */
  constructor(open: typeof openPair, killedAt: (call: number) => 'before' | 'after' | undefined, onDeath: () => void) {
    this.open = open;
    this.killedAt = killedAt;
    this.onDeath = onDeath;
  }

  get over(): boolean {
    return this.controller.signal.aborted;
  }

  end(): void {
    if (this.over) return;
    this.controller.abort(new InterruptedError('abort', { cause: new Error('killed') }));
    this.onDeath();
    // The process would let go of its files.
    for (const stage of this.stages) stage.keep().catch(() => undefined);
  }

  get options(): Partial<RunOptions> {
    const opening: typeof openPair = async (...asked) => {
      this.pass();
      const pair = await this.open(...asked);
      const stage = async (...args: Parameters<typeof pair.local.stage>) => {
        const inner = await pair.local.stage(...args);
        this.stages.add(inner);
        return this.mortal(inner, STAGE);
      };
      const lane = async (...args: Parameters<typeof pair.remote.lane>) =>
        this.mortal(await pair.remote.lane(...args), LANE);
      return {
        ...pair,
        local: this.mortal(pair.local, LOCAL, { stage }),
        remote: this.mortal(pair.remote, REMOTE, { lane }),
        memory: this.mortal(pair.memory, MEMORY),
      };
    };
    return { signal: this.controller.signal, seams: { openPair: opening } };
  }

  /** @throws what a call meets once it is over. */
  private pass(): 'after' | undefined {
    if (this.over) throw this.controller.signal.reason;
    const dies = this.killedAt(++this.calls);
    if (dies === 'before') {
      this.end();
      throw this.controller.signal.reason;
    }
    return dies;
  }

  /** The same object; the methods that are named can be its last. */
  private mortal<T extends object>(target: T, names: readonly string[], also: Record<string, unknown> = {}): T {
    return new Proxy(target, {
      get: (_, key) => {
        const value = also[String(key)] ?? Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        const bound = also[String(key)] ? (value as Call) : (value.bind(target) as Call);
        if (!names.includes(String(key))) return bound;
        return (...args: unknown[]) => {
          let dies: 'after' | undefined;
          try {
            dies = this.pass();
          } catch (error) {
            return Promise.reject(error);
          }
          const result = bound(...args);
          if (dies !== 'after') return result;
          return Promise.resolve(result).finally(() => this.end());
        };
      },
    });
  }
}
