/** The story of the demo, chapter by chapter. Everything in it happens; what is claimed is looked up on the disk. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { EXIT, isTemporary, printable } from '../../model/index.ts';
import { bytesText, exitReason, summaryText } from '../../report/index.ts';
import type { Context } from '../context.ts';
import { compareFolders, filesIn } from './compare.ts';
import { Narrator } from './narrator.ts';
import { buildSite, noise, ODD_NAMES } from './site.ts';
import { Stage, type Told, transfersOf } from './stage.ts';

const FILM = 'film.mp4';
const FILM_SIZE = 24_000_000;
/** Bytes a second while the film is sent the first time: slow enough to be cut in the middle. */
const RATE = 8_000_000;

/** Resolves with the exit code: 0 if all of it held. */
export async function tellStory({ stdout, signal }: Context): Promise<number> {
  const narrator = new Narrator(stdout);
  const stage = await Stage.build();
  try {
    const story = { stage, narrator, signal };
    await begin(story);
    await firstPush(story);
    await edit(story);
    await cutAndResume(story);
    await pullAndCompare(story);
  } finally {
    await stage.clear();
  }
  narrator.chapter('5. The end');
  narrator.say('The server is stopped and its folder is gone.');
  return narrator.conclude() ? EXIT.agreed : EXIT.unforeseen;
}

interface Story {
  readonly stage: Stage;
  readonly narrator: Narrator;
  readonly signal: AbortSignal;
}

async function begin({ stage, narrator }: Story): Promise<void> {
  await stage.plug();
  narrator.say(
    'Ferry carries a small website to an FTP server and back. All of it happens, on this machine only: ' +
      'the built-in server listens on 127.0.0.1 with a throw-away folder, and what is claimed below is looked up on its disk.',
  );
}

async function firstPush({ stage, narrator, signal }: Story): Promise<void> {
  const count = await buildSite(stage.path('site'));
  narrator.chapter('1. The first push');
  narrator.say(
    `The folder "site" has ${count} files, ${ODD_NAMES.length} of them with names such as ` +
      `"${printable(ODD_NAMES[1]!.slice(4))}" or "${printable(ODD_NAMES[3]!.slice(4))}".`,
  );
  narrator.command(`ferry push site ${stage.url}`);
  const first = await stage.run('site', stage.url, signal);
  quoteSummary(narrator, first);
  const { differences, files } = await compareFolders(stage.path('site'), stage.path('server', 'www'));
  narrator.claim(first.summary.exitCode === EXIT.agreed && first.summary.uploaded === count, `all ${count} went up`);
  narrator.claim(
    differences.length === 0 && files === count,
    `on the server's disk each of them is there, byte for byte${list(differences)}`,
  );

  narrator.say('The same command once more:');
  const second = await stage.run('site', stage.url, signal);
  quoteSummary(narrator, second);
  narrator.claim(second.summary.exitCode === EXIT.agreed && second.summary.bytesSent === 0, 'nothing was sent');
}

async function edit({ stage, narrator, signal }: Story): Promise<void> {
  narrator.chapter('2. An edit that keeps the size');
  const file = stage.path('site', 'index.html');
  const before = await stat(file);
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll('Welcome aboard', 'Welcome ashore'));
  const after = await stat(file);
  narrator.say(`In index.html "aboard" becomes "ashore": ${before.size} bytes before, ${after.size} bytes after.`);
  narrator.command(`ferry push site ${stage.url}`);
  const told = await stage.run('site', stage.url, signal);
  quoteSummary(narrator, told);
  const sent = transfersOf(told).map(({ path }) => path);
  narrator.claim(
    told.summary.exitCode === EXIT.agreed && sent.length === 1 && sent[0] === 'index.html',
    `index.html was sent, and nothing else${sent.length === 1 ? '' : list(sent)}`,
  );
}

async function cutAndResume({ stage, narrator, signal }: Story): Promise<void> {
  narrator.chapter('3. A large upload is cut, and goes on where it stopped');
  const film = noise('film', FILM_SIZE);
  await writeFile(stage.path('site', FILM), film);
  narrator.say(`${FILM} has ${bytesText(FILM_SIZE)}. In the middle of it the server is switched off.`);
  narrator.command(`ferry push site ${stage.url} --limit-rate 8M --retries 0`);
  let unplugged: Promise<void> | undefined;
  const cut = await stage.run('site', stage.url, signal, {
    overrides: { limitRate: RATE, retries: 0 },
    onEvent: (event) => {
      if (event.type === 'progress' && event.phase === 'transfer' && event.bytes > FILM_SIZE / 3) {
        unplugged ??= stage.unplug();
      }
    },
  });
  await unplugged;
  narrator.quote(`Exit ${cut.summary.exitCode}: ${printable(exitReason(cut.summary) ?? '')}`);
  const names = await readdir(stage.path('server', 'www'));
  const partial = names.find((name) => isTemporary(name));
  const held = partial === undefined ? 0 : (await stat(stage.path('server', 'www', partial))).size;
  narrator.claim(unplugged !== undefined && cut.summary.exitCode !== EXIT.agreed, 'the run says that it failed');
  narrator.claim(!names.includes(FILM), `the server has no torn ${FILM}`);
  narrator.claim(
    held > 0 && held < FILM_SIZE,
    `${bytesText(held)} wait there under a temporary name (${partial ?? 'none'})`,
  );

  narrator.say('The server is switched on again, and so is the run:');
  await stage.plug();
  narrator.command(`ferry push site ${stage.url}`);
  stage.arrivals.length = 0;
  const resumed = await stage.run('site', stage.url, signal);
  quoteSummary(narrator, resumed);
  const transfer = transfersOf(resumed).find(({ path }) => path === FILM);
  const arrival = stage.arrivals.find(({ bytes }) => bytes > 0);
  narrator.claim(
    resumed.summary.exitCode === EXIT.agreed && transfer?.resumedFrom === held && held > 0,
    `it went on at byte ${held}, exactly what the server held`,
  );
  narrator.claim(
    arrival !== undefined && arrival.resumedFrom === held && arrival.bytes === FILM_SIZE - held,
    `by the server's own count ${arrival?.bytes ?? 0} bytes came, and ${held} + ${arrival?.bytes ?? 0} is ${FILM_SIZE}`,
  );
  const there = await readFile(stage.path('server', 'www', FILM)).catch(() => Buffer.alloc(0));
  narrator.claim(there.equals(film), `${FILM} on the server is the same, byte for byte`);
}

async function pullAndCompare({ stage, narrator, signal }: Story): Promise<void> {
  narrator.chapter('4. Back into an empty folder');
  narrator.command(`ferry pull ${stage.url} copy`);
  const told = await stage.run(stage.url, 'copy', signal);
  quoteSummary(narrator, told);
  const { files, bytes, differences } = await compareFolders(stage.path('site'), stage.path('copy'));
  const count = (await filesIn(stage.path('site'))).size;
  narrator.claim(
    told.summary.exitCode === EXIT.agreed && differences.length === 0 && files === count,
    `"site" and "copy" are the same: ${files} files, ${bytes} bytes compared${list(differences)}`,
  );
  const left = [...(await filesIn(stage.path('server'))), ...(await filesIn(stage.path('copy')))].filter((path) =>
    isTemporary(path.split(/[\\/]/).at(-1) ?? ''),
  );
  narrator.claim(left.length === 0, `no temporary file is left on either side${list(left)}`);
}

function quoteSummary(narrator: Narrator, { summary }: Told): void {
  narrator.quote(summaryText(summary).map(printable).join('\n'));
}

function list(names: readonly string[]): string {
  return names.length === 0 ? '' : `; but not ${names.map((name) => printable(name)).join(', ')}`;
}
