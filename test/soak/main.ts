/**
 * A watch over a folder in which something always happens, against a server that is killed and restarted at random.
 * `npm run soak -- --events 50000 --restarts 200 --seed 1`. With `--minutes 60` all of it is spread over that time. Exit
 * code 1 where anything was missed, or differs in the end.
 */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Churn, randomFrom } from '../builders/churn.ts';
import { projectFolder } from '../faults/torture/project.ts';
import { phoenix } from '../servers/phoenix.ts';
import { differences } from './compare.ts';
import { Gauge } from './gauge.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '50000' },
    restarts: { type: 'string', default: '200' },
    minutes: { type: 'string' },
    samples: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    log: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const [events, restarts, seed] = [values.events, values.restarts, values.seed].map(Number) as [number, number, number];
const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
const CLI = join(projectFolder(), 'dist/cli/ferry.js');
const MEASURE = join(projectFolder(), 'test/soak/children/measure.mjs');

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
const random = randomFrom(seed + 1);
const base = mkdtempSync(join(tmpdir(), 'ferry-soak-'));
const local = join(base, 'local');
const churn = new Churn(local, seed);
const server = await phoenix();
const there = join(server.root, 'site');
const url = `ftp://${server.user}@${server.host}:${server.port}/site`;

// No rescan, and no guard: what the notices miss is to show.
const args = ['watch', local, url, '--json', '--rescan', '10d', '--settle', '200ms', '--max-delete', '100%'];
const child = spawn(process.execPath, ['--expose-gc', '--import', MEASURE, CLI, ...args], {
  env: { ...process.env, FERRY_PASSWORD: server.password, FERRY_STATE: join(base, 'state') },
  stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
});
const log = values.log === undefined ? undefined : createWriteStream(values.log);
let [state, pending, runs, text, ended] = ['', 0, 0, '', false];
child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
  const lines = (text + chunk).split('\n');
  text = lines.pop() ?? '';
  for (const line of lines) {
    log?.write(`${line}\n`);
    const event = JSON.parse(line) as { type: string; state?: string; pending?: number };
    if (event.type === 'watch') [state, pending] = [event.state ?? '', event.pending ?? 0];
    if (event.type === 'summary') runs++;
  }
});
const over = new Promise<number | null>((done) => {
  child.once('close', (code) => {
    ended = true;
    done(code);
  });
});

/** ms within which what failed is tried again. */
const AGAIN = 130_000;

/** What is read may go meanwhile: that is a difference, for now. */
function differencesNow(): string[] {
  try {
    return differences(local, there);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [(error as NodeJS.ErrnoException).path ?? ''];
  }
}

/** Until both sides are alike, or nothing has changed for so long that they will not be. */
async function settled(patience: number): Promise<string[]> {
  for (let since = Date.now(), before = ''; ; ) {
    const found = differencesNow();
    if (found.length === 0 || ended) return found;
    const now = `${runs} ${found.join()}`;
    if (now !== before || state === 'offline') since = Date.now();
    before = now;
    if (Date.now() - since > (pending > 0 ? AGAIN : patience)) return found;
    await pause(500);
  }
}

while (state !== 'watching' && !ended) await pause(50);
const gauge = new Gauge(child);
const deaths = new Set(Array.from({ length: restarts }, () => Math.floor(random() * events)));
let down: Promise<void> | undefined;
let killed = 0;
const every = Math.ceil(events / Number(values.samples ?? 200));
const begun = Date.now();
for (let n = 0; n < events && !ended; n++) {
  churn.step();
  if (n % 50 === 0) await pause(random() * 60);
  // Now and then it is quiet for a while, so that batches come to their end.
  if (n % 150 === 149) await pause(300 + random() * 700);
  if (minutes !== undefined) await pause(begun + (n / events) * minutes * 60_000 - Date.now());
  if (n % every === 0) await gauge.sample(n);
  if (deaths.has(n)) {
    await down;
    killed++;
    down = server
      .kill()
      .then(() => pause(random() * 400))
      .then(() => server.rise());
  }
  if (n % 5000 === 4999)
    process.stderr.write(`${n + 1} events, ${killed} restarts, ${runs} runs, ${JSON.stringify(gauge.last)}\n`);
}
await down;
const missed = await settled(20_000);
// What was missed has to come with the next run of everything.
child.kill('SIGHUP');
const left = missed.length === 0 ? missed : await settled(20_000);
const live = gauge.slope('live').toFixed(1);
const descriptors = gauge.slope('descriptors').toFixed(3);
const resident = gauge.warm.map((sample) => Math.round(sample.resident / 1024));
child.kill('SIGTERM');
const code = await over;
await server.stop();
const good = missed.length === 0 && left.length === 0 && code === 143;
if (!values.keep) rmSync(base, { recursive: true, force: true });
for (const path of left.slice(0, 20)) process.stderr.write(`differs: ${path}\n`);
for (const path of missed.slice(0, 20)) process.stderr.write(`missed: ${path}\n`);
if (code !== 143) process.stderr.write(`the watch ended with exit code ${code}\n`);
process.stdout.write(
  `${events} events, ${killed} server restarts: ${missed.length} missed, ${left.length} differences, ` +
    `memory slope ${live} KiB and descriptor slope ${descriptors} per 1000 events (seed ${seed}, ${runs} runs, ` +
    `${Math.round((Date.now() - begun) / 60_000)} min, resident ${Math.min(...resident)} to ${Math.max(...resident)} MiB)\n`,
);
process.exit(good ? 0 : 1);
