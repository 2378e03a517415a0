/** A pull that makes snapshots here, against an oracle that keeps a copy of each that was said to be complete. */
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { backup, prune, restore, type Snapshot, snapshotsOf, timeOfName } from '../../../../src/backup/index.ts';
import type { Summary } from '../../../../src/model/index.ts';
import { perform } from '../../../builders/perform.ts';
import { isFile, LocalFolder } from '../model/sides.ts';
import {
  both,
  differences,
  explained,
  type Files,
  filesOf,
  isDirectory,
  type Outcome,
  type Scene,
  without,
} from './scene.ts';
import { type BackupStep, isHarmless, kept, NO_HARM, type RestoreStep, type Step } from './steps.ts';

const UNDISTURBED: BackupStep = {
  step: 'backup',
  hours: 24,
  harm: NO_HARM,
  verify: false,
  unguarded: true,
  meanwhile: [],
};

export class Pulls {
  private readonly scene: Scene;
  /** What each snapshot holds. */
  private readonly known = new Map<string, Files>();
  /** Stored files that were written to, as `snapshot/path`. */
  private readonly damaged = new Set<string>();
  /** Of those, the ones that nothing but their content tells: the next snapshot may share them. */
  private readonly rotten = new Set<number>();
  /** Those that are there. */
  private listed: readonly string[] = [];

  constructor(scene: Scene) {
    this.scene = scene;
  }

  async take(step: Step): Promise<void> {
    if (step.step === 'backup') await this.backUp(step);
    else if (step.step === 'prune') await this.prune(step.harm);
    else if (step.step === 'restore') await this.restore(step);
    else if (step.step === 'damage') this.damage(step);
    else return;
    await this.check();
  }

  /** Undisturbed, it goes well, and nothing is left over. */
  async end(): Promise<void> {
    const { scene } = this;
    const outcome = await this.backUp(UNDISTURBED);
    if (outcome.value?.exitCode !== 0) scene.wrong('unconverged', `undisturbed: ${explained(outcome)}`);
    await this.prune(NO_HARM);
    await this.check();
    const inFerry = readdirSync(join(scene.home, '.ferry'), { recursive: true, encoding: 'utf8' });
    // What was written to take a lock goes when it is an hour old.
    const left = inFerry.filter((name) => name !== 'removing' && !/^lock-.*\.new$/.test(name));
    if (left.length > 0) scene.wrong('orphan', `in .ferry: ${left.join(', ')}`);
    for (const name of this.listed) {
      const own = readdirSync(join(scene.home, name, '.ferry'));
      if (own.join() !== 'manifest.jsonl') scene.wrong('orphan', `in ${name}/.ferry: ${own.join(', ')}`);
      const { temporary } = new LocalFolder(join(scene.home, name)).picture();
      if (temporary.length > 0) scene.wrong('orphan', `in ${name}: ${temporary.join(', ')}`);
    }
  }

  private async snapshots(): Promise<readonly Snapshot[]> {
    const { snapshots, oddities } = await snapshotsOf(this.scene.job());
    for (const { name, why } of oddities) this.scene.wrong('torn', `the snapshot ${name} cannot be used: ${why}`);
    return snapshots;
  }

  private async backUp(step: BackupStep): Promise<Outcome<Summary>> {
    const { scene } = this;
    const { harm, verify, meanwhile } = step;
    scene.pass(step.hours);
    const resumed = (await snapshotsOf(scene.job())).unfinished !== undefined;
    /** Everything that was at a path while it ran, undefined where nothing was. */
    const passing = new Map<string, Set<string | undefined>>();
    for (const [path, content] of Object.entries(filesOf(scene.source))) passing.set(path, new Set([content]));
    const note = () => {
      const files = filesOf(scene.source);
      for (const path of new Set([...passing.keys(), ...Object.keys(files)]))
        passing.set(path, (passing.get(path) ?? new Set([undefined])).add(files[path]));
    };
    const outcome = await scene.undergo(
      harm,
      scene.home,
      async (options, { tell, stateBase }) => {
        const verb: Parameters<typeof perform>[2] & object = {
          ...options,
          verb: (job, engine) =>
            backup(job, {
              ...engine,
              verify,
              now: () => scene.now,
              tell: both(tell, engine.tell),
            }),
        };
        return (await perform(scene.job(step), stateBase, verb)).summary;
      },
      meanwhile,
      note,
    );
    scene.say(`  ${explained(outcome)}`);
    const { value, killed } = outcome;
    const found = await this.snapshots();
    const made = found.filter(({ name }) => !this.known.has(name));
    for (const snapshot of made) this.learn(snapshot, { step, passing, resumed });
    const names = made.map(({ name }) => name);
    if (!killed && names.join() !== (value?.snapshot ?? ''))
      scene.wrong(
        'false success',
        `it says ${value?.snapshot ?? 'none'} was made, and there is ${names.join() || 'none'}`,
      );
    if (value?.exitCode === 0 && made.length !== 1) scene.wrong('false success', 'exit 0, and no snapshot');
    if (!killed && value?.exitCode === 1 && !outcome.unsaved) scene.wrong('crash', explained(outcome));
    this.hold(found, value?.exitCode === 0 && !killed, names);
    return outcome;
  }

  /** What a new snapshot holds is what the server held. */
  private learn(
    { name, root }: Snapshot,
    {
      step,
      passing,
      resumed,
    }: {
      readonly step: BackupStep;
      readonly passing: ReadonlyMap<string, ReadonlySet<string | undefined>>;
      readonly resumed: boolean;
    },
  ): void {
    const { scene } = this;
    const hides = step.harm.lie?.startsWith('hides') ?? false;
    const stored = filesOf(new LocalFolder(root));
    const wanted: Record<string, string> = {};
    for (const [path, content] of Object.entries(stored)) {
      const could = passing.get(path) ?? new Set();
      const rotten = this.rotten.has(statSync(join(root, path)).ino) && (resumed || !step.verify);
      if (could.has(content)) wanted[path] = content;
      else if (isDirectory(path) && (step.meanwhile.length > 0 || hides)) continue;
      else if (rotten) {
        this.damaged.add(`${name}/${path}`);
        wanted[path] = [...could].findLast((one) => one !== undefined) ?? content;
      } else scene.wrong('torn', `${name}/${path} is ${scene.contents.name(content)}`);
    }
    // What a listing that looks whole leaves out, nobody can know of.
    if (!hides) {
      for (const [path, could] of passing)
        if (!(path in stored) && !could.has(undefined) && step.meanwhile.length === 0)
          scene.wrong('false success', `${name} lacks ${path}`);
    }
    this.known.set(name, wanted);
  }

  /** What the rules keep is there, and after a pruning that went well nothing else. */
  private hold(found: readonly Snapshot[], well: boolean, made: readonly string[]): void {
    const { scene } = this;
    const before = [...new Set([...this.listed, ...made])];
    const stay = kept(
      before.map((name) => timeOfName(name)!),
      scene.sequence.keep,
    );
    const names = found.map(({ name }) => name);
    for (const name of before)
      if (stay.has(timeOfName(name)!) && !names.includes(name)) scene.wrong('lost', `the snapshot ${name} is gone`);
    const over = names.filter((name) => !stay.has(timeOfName(name)!));
    if (well && over.length > 0) scene.wrong('orphan', `no rule keeps ${over.join(', ')}`);
    this.listed = names;
  }

  private async prune(harm: BackupStep['harm']): Promise<void> {
    const { scene } = this;
    if (Object.keys(scene.sequence.keep).length === 0) return;
    scene.pass();
    const outcome = await scene.undergo(harm, scene.home, (_, frame) =>
      prune(scene.job(), { ...frame, onVerdict: () => {} }),
    );
    scene.say(`  ${explained(outcome)}`);
    if (outcome.error && isHarmless(harm)) scene.wrong('wrong exit', explained(outcome));
    this.hold(await this.snapshots(), !outcome.error && !outcome.killed, []);
  }

  /** Every snapshot comes back as it was. */
  private async check(): Promise<void> {
    for (const name of this.listed) {
      const to = mkdtempSync(join(this.scene.own, 'back-'));
      await this.bring(name, to, NO_HARM);
      rmSync(to, { recursive: true });
    }
  }

  private async bring(name: string, to: string, harm: BackupStep['harm'], before: Files = {}): Promise<void> {
    const { scene } = this;
    const wanted = this.known.get(name)!;
    const outcome = await scene.undergo(harm, to, (_, frame) =>
      restore(scene.job(), { ...frame, paths: [], to, snapshot: name, overwrite: true }),
    );
    const { value, killed } = outcome;
    const harmed = (path: string) => this.damaged.has(`${name}/${path}`);
    const folder = new LocalFolder(to);
    const isHarmed = Object.keys(wanted).some(harmed);
    const { things } = folder.picture();
    // A directory may have got something in it from elsewhere, or lack what is damaged.
    const folders = (path: string) => isDirectory(path) && (isHarmed || things.get(path.slice(0, -1)) === null);
    const back = without(filesOf(folder), (path) => folders(path) || (path in before && !(path in wanted)));
    const wrong = differences(
      scene.contents,
      back,
      without(wanted, (path) => harmed(path) || folders(path)),
    );
    if (value?.exitCode === 0 && (wrong.length > 0 || isHarmed))
      scene.wrong('false success', `restored ${name} with exit 0, and yet: ${wrong.join(', ') || 'it is damaged'}`);
    for (const [path, thing] of things)
      if (isFile(thing) && thing !== wanted[path] && thing !== before[path])
        scene.wrong('torn', `restored ${name}: ${path} is ${scene.contents.name(thing)}; ${explained(outcome)}`);
    if (!isHarmless(harm)) return scene.say(`  ${explained(outcome)}`);
    const expected = isHarmed ? 3 : 0;
    if (killed || value?.exitCode !== expected || wrong.length > 0)
      scene.wrong('lost', `${name} does not come back: ${explained(outcome)}; ${wrong.join(', ')}`);
    const { temporary } = folder.picture();
    if (temporary.length > 0) scene.wrong('orphan', `restored ${name}: ${temporary.join(', ')}`);
  }

  /** Disturbed, then once more, then another one over it. */
  private async restore({ which, over, harm }: RestoreStep): Promise<void> {
    const { scene, listed } = this;
    if (listed.length === 0) return;
    const [first, second] = [listed[which % listed.length]!, listed[over % listed.length]!];
    scene.say(`  ${first}`);
    const to = mkdtempSync(join(scene.own, 'back-'));
    await this.bring(first, to, harm);
    const again = over % 2 === 0 ? first : second;
    if (!this.fits(first, again)) return;
    scene.say(`  then ${again}`);
    await this.bring(again, to, NO_HARM, this.known.get(first));
    rmSync(to, { recursive: true });
  }

  /** Whether no file of one stands where the other has a folder. */
  private fits(first: string, second: string): boolean {
    const [a, b] = [this.known.get(first)!, this.known.get(second)!].map((files) => Object.keys(files));
    const meets = (some: string[], others: string[]) =>
      some.some((path) => others.some((other) => other.startsWith(`${path}/`)));
    return !meets(a!, b!) && !meets(b!, a!);
  }

  private damage({ which, file, shows }: Step & { readonly step: 'damage' }): void {
    const { scene, listed } = this;
    const name = listed[which % listed.length];
    if (name === undefined) return;
    const paths = Object.keys(this.known.get(name)!).filter((path) => !path.endsWith('/'));
    const path = paths[file % paths.length];
    if (path === undefined) return;
    const at = join(scene.home, name, path);
    scene.say(`  ${name}/${path}`);
    const { ino, atime, mtime } = statSync(at);
    if (shows) appendFileSync(at, '!');
    else {
      const text = readFileSync(at, 'latin1');
      writeFileSync(at, `?${text.slice(1)}`, 'latin1');
      utimesSync(at, atime, mtime);
      this.rotten.add(ino);
    }
    for (const other of listed) {
      for (const there of Object.keys(this.known.get(other)!))
        if (!there.endsWith('/') && statSync(join(scene.home, other, there)).ino === ino)
          this.damaged.add(`${other}/${there}`);
    }
  }
}
