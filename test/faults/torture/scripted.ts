/** Every code to every verb, once, three times, for ever: nothing is lost, and the exit code says what came of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerOptions } from '../../../src/server/index.ts';
import { job, serverSettings } from '../../builders/connect.ts';
import { scriptedServer } from '../scripted-server.ts';
import {
  count,
  type Harness,
  type HarnessOptions,
  type Outcome,
  progress,
  slice,
  spread,
  type Violation,
} from './harness.ts';
import { NEW, OLD } from './trees.ts';
import { attempt, explained } from './trial.ts';

const CODES = [421, 425, 426, 450, 451, 452, 500, 530, 550, 553] as const;
const TRANSIENT: readonly number[] = [421, 425, 426, 450, 451];
const TIMES = [
  ['once', 1],
  ['three times', 3],
  ['for ever', Number.POSITIVE_INFINITY],
] as const;

/** The verbs, each with the way of a run that needs it, and what the server must not know for it to be used. */
const VERBS: readonly { readonly verb: string; readonly direction: 'push' | 'pull'; readonly without?: string }[] = [
  { verb: 'USER', direction: 'push' },
  { verb: 'PASS', direction: 'pull' },
  { verb: 'FEAT', direction: 'push' },
  { verb: 'TYPE', direction: 'pull' },
  { verb: 'EPSV', direction: 'push' },
  { verb: 'MLSD', direction: 'pull' },
  { verb: 'LIST', direction: 'pull', without: 'MLST' },
  { verb: 'MLST', direction: 'push' },
  { verb: 'SIZE', direction: 'push', without: 'MLST' },
  { verb: 'MDTM', direction: 'pull', without: 'MLST' },
  { verb: 'RETR', direction: 'pull' },
  { verb: 'STOR', direction: 'push' },
  { verb: 'MFMT', direction: 'push' },
  { verb: 'RNFR', direction: 'push' },
  { verb: 'RNTO', direction: 'push' },
  { verb: 'MKD', direction: 'push' },
  { verb: 'DELE', direction: 'push' },
  { verb: 'RMD', direction: 'push' },
];

interface Script {
  readonly code: (typeof CODES)[number];
  readonly verb: (typeof VERBS)[number];
  readonly times: (typeof TIMES)[number];
}

const SCRIPTS: readonly Script[] = TIMES.flatMap((times) =>
  VERBS.flatMap((verb) => CODES.map((code) => ({ code, verb, times }))),
);

const title = ({ code, verb, times }: Script) => `${verb.verb} answered ${code} ${times[0]}`;
const AT_ONCE = 12;
const LOGIN = ['USER', 'PASS'];

/** A server that says it has no MDTM is taken at its word: a size that is equal then passes, and the summary says so. */
const notHere = (code: number) => [500, 550, 530, 553].includes(code);

/** Why this is not the exit code that the script must come to; undefined where it is. */
function unfit({ code, verb, times }: Script, exitCode: number, agreed: boolean): string | undefined {
  if (LOGIN.includes(verb.verb) && code === 530) return exitCode === 5 ? undefined : 'a login that is refused is 5';
  if (TRANSIENT.includes(code) && times[1] <= 3) return exitCode === 0 ? undefined : 'what passes is waited for';
  if (agreed) return undefined;
  if (LOGIN.includes(verb.verb)) return exitCode === 5 ? undefined : 'who is not let in says 5';
  return [3, 4, 5].includes(exitCode) ? undefined : 'what is not done is 3, 4 or 5';
}

async function run(script: Script): Promise<Violation[]> {
  const own = mkdtempSync(join(tmpdir(), 'ferry-torture-scripted-'));
  const { code, verb, times } = script;
  const options: Partial<ServerOptions> = verb.without === undefined ? {} : { withoutFeatures: [verb.without] };
  const server = await scriptedServer(options);
  try {
    const { direction } = verb;
    const settings = job(server, join(own, 'local'), {
      direction,
      retries: times[1] === Number.POSITIVE_INFINITY ? 2 : 4,
      maxDelete: { percent: 100 },
      server: serverSettings(server, { replyTimeout: 20_000 }),
    });
    let unused: string | undefined;
    const tried = await attempt({
      direction,
      local: join(own, 'local'),
      remote: join(server.root, 'site'),
      state: join(own, 'state'),
      settings,
      before: OLD,
      after: NEW,
      secret: server.password,
      begin: () =>
        server.arm([{ on: new RegExp(`^${verb.verb}\\b`), does: `${code} As the script says`, times: times[1] }]),
      end: () => {
        try {
          server.disarm();
        } catch (error) {
          unused = (error as Error).message;
        }
      },
    });
    const bySize = verb.verb === 'MDTM' && notHere(code) && (tried.under?.summary.sameBySize ?? 0) > 0;
    const violations = tried.violations
      .filter(({ wrong }) => !(bySize && wrong === 'false success'))
      .map(({ wrong, what }) => ({ wrong, what: `${title(script)}: ${what}` }));
    if (unused !== undefined) violations.push({ wrong: 'crash', what: `${title(script)}: ${unused}` });
    const exitCode = tried.under?.summary.exitCode;
    const why =
      exitCode === undefined || (bySize && exitCode === 0) ? undefined : unfit(script, exitCode, tried.agreed);
    if (why !== undefined)
      violations.push({ wrong: 'wrong exit', what: `${title(script)}: ${why}; ${explained(tried.under!)}` });
    return violations;
  } finally {
    await server.stop();
    rmSync(own, { recursive: true, force: true });
  }
}

export const scripted: Harness = {
  name: 'scripted',
  async run(options: HarnessOptions): Promise<Outcome> {
    const all = slice(SCRIPTS, options, 8, title);
    const violations: Violation[] = [];
    const done = progress(options, all.length);
    await spread(all, Array(AT_ONCE).fill(undefined), async (script) => {
      violations.push(...(await run(script)));
      done();
    });
    const exits = count(violations, 'wrong exit', 'false success');
    const others = violations.length - exits - count(violations, 'lost', 'torn');
    return {
      line:
        `${all.length}: ${count(violations, 'lost', 'torn')} lost, ` +
        (exits === 0 ? 'every exit code right' : `${exits} exit codes wrong`) +
        (others > 0 ? `, ${others} otherwise wrong` : ''),
      violations,
    };
  },
};
