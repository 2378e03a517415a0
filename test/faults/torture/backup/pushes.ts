/** A push that keeps on the server what it replaces, against an oracle that keeps a copy of the folder after each release. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  pruneRemote,
  type RemoteState,
  remoteStates,
  restoreFromServer,
  timeOfName,
} from '../../../../src/backup/index.ts';
import type { Summary } from '../../../../src/model/index.ts';
import { rollback, run } from '../../../../src/sync/index.ts';
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
/** The name of the state before the first push. */
const FIRST = '';
const MANIFEST = /^(\d{8}T\d{6}Z)(?:-(\d{8}T\d{6}Z))?\.[0-9a-f]{8}\.json$/;

export class Pushes {
  private readonly scene: Scene;
  /** What was in the remote folder from each release on. */
  private readonly known = new Map<string, Files>([[FIRST, {}]]);
  /** What a run that said it could not keep something has replaced. */
  private readonly unkept = new Set<string>();
  /** The states that are there, the oldest first. */
  private listed: readonly string[] = [FIRST];

  constructor(scene: Scene) {
    this.scene = scene;
  }

  async take(step: Step): Promise<void> {
    if (step.step === 'backup') await this.push(step, run);
    else if (step.step === 'rollback') await this.push({ ...UNDISTURBED, ...step, step: 'backup' }, rollback);
    else if (step.step === 'prune') await this.prune(step.harm);
    else if (step.step === 'restore') await this.restore(step);
    else return;
    await this.check();
  }

  /** Undisturbed, it goes well, and nothing is left over. */
  async end(): Promise<void> {
    const { scene } = this;
    const outcome = await this.push(UNDISTURBED, run);
    if (outcome.value?.exitCode !== 0) scene.wrong('unconverged', `undisturbed: ${explained(outcome)}`);
    await this.prune(NO_HARM);
    await this.check();
    const names = new Set(this.releases().map(({ release }) => release));
    for (const name of this.namesIn('/site/.ferry/versions'))
      if (!MANIFEST.test(name) && !names.has(name)) scene.wrong('orphan', `.ferry/versions/${name}`);
    const inFerry = this.namesIn('/site/.ferry').filter((name) => name !== 'versions');
    const left = [...inFerry, ...scene.remote.picture().temporary];
    if (left.length > 0) scene.wrong('orphan', left.join(', '));
  }

  private namesIn(folder: string): string[] {
    const node = this.scene.disk.find(folder);
    return node?.kind === 'directory' ? [...node.children.keys()] : [];
  }

  private releases(): { readonly release: string; readonly end: string }[] {
    return this.namesIn('/site/.ferry/versions').flatMap((name) => {
      const [, release, until] = MANIFEST.exec(name) ?? [];
      return release === undefined ? [] : [{ release, end: until ?? release }];
    });
  }

  private get newest(): string {
    return (
      this.releases()
        .map(({ end }) => end)
        .sort()
        .at(-1) ?? FIRST
    );
  }

  private get files(): Files {
    return without(filesOf(this.scene.remote), isDirectory);
  }

  private async push(step: BackupStep, verb: typeof run): Promise<Outcome<Summary>> {
    const { scene } = this;
    scene.pass(step.hours);
    const [before, newest] = [this.files, this.newest];
    const outcome = await scene.undergo(
      step.harm,
      scene.home,
      async (options, { tell, stateBase }) => {
        const told: Parameters<typeof perform>[2] & object = {
          ...options,
          verb: (job, engine) => verb(job, { ...engine, tell: both(tell, engine.tell) }),
        };
        return (await perform(scene.job(step), stateBase, told)).summary;
      },
      step.meanwhile,
    );
    scene.say(`  ${explained(outcome)}`);
    const { value, killed, warnings } = outcome;
    const now = this.files;
    if (!killed && value?.exitCode === 1 && !outcome.unsaved) scene.wrong('crash', explained(outcome));
    const changed = differences(scene.contents, now, before);
    if (this.newest === newest && changed.length > 0)
      scene.wrong('lost', `nothing is written down of what was done: ${changed.join(', ')}`);
    if (warnings.some((message) => message.includes('could not be kept'))) {
      const names = new Set(Object.values(now));
      for (const content of Object.values(before)) if (!names.has(content)) this.unkept.add(content);
    }
    for (const [path, content] of Object.entries(now))
      if (!scene.contents.has(content)) scene.wrong('torn', `${path} is ${scene.contents.name(content)}`);
    this.known.set(this.newest, now);
    const made = this.newest === newest ? [] : [this.newest];
    await this.hold(isHarmless(step.harm) && value?.exitCode === 0 && made.length > 0 && verb === run, made);
    return outcome;
  }

  private async states(): Promise<RemoteState[]> {
    const { value = [], error } = await this.scene.calmly((_, frame) => remoteStates(this.scene.job(), frame));
    if (error) this.scene.wrong('lost', `what there is cannot be listed: ${error.message}`);
    for (const { name, trouble } of value)
      if (trouble !== undefined) this.scene.wrong('lost', `${name} cannot be restored: ${trouble}`);
    return value;
  }

  /** What the rules keep is there, and after a pruning that went well nothing else. */
  private async hold(well: boolean, made: readonly string[]): Promise<void> {
    const { scene } = this;
    const names = (await this.states()).map(({ name = FIRST }) => name);
    const before = [...new Set([...this.listed, ...made])];
    const timeOf = (name: string) => (name === FIRST ? 0 : timeOfName(name)!);
    const stay = kept(before.map(timeOf), scene.sequence.keep);
    // The last push can always be taken back.
    for (const name of before.slice(-2)) stay.add(timeOf(name));
    for (const name of before)
      if (stay.has(timeOf(name)) && !names.includes(name))
        scene.wrong('lost', `the state of ${name || 'the beginning'} is gone`);
    const over = names.filter((name) => !stay.has(timeOf(name)));
    if (well && over.length > 0) scene.wrong('orphan', `no rule keeps ${over.join(', ')}`);
    this.listed = names;
  }

  private async prune(harm: BackupStep['harm']): Promise<void> {
    const { scene } = this;
    if (Object.keys(scene.sequence.keep).length === 0) return;
    scene.pass();
    const before = this.files;
    const outcome = await scene.undergo(harm, scene.home, (_, frame) => pruneRemote(scene.job(), frame));
    const { value, killed, error } = outcome;
    const failures = value?.failures ?? [];
    scene.say(`  ${explained(outcome)} ${failures.join(', ')}`);
    const changed = differences(scene.contents, this.files, before);
    if (changed.length > 0) scene.wrong('wrong delete', `a pruning changed ${changed.join(', ')}`);
    if (isHarmless(harm) && (error || failures.length > 0)) scene.wrong('wrong exit', explained(outcome));
    const hidden = harm.lie?.startsWith('hides') ?? false;
    await this.hold(!killed && !error && failures.length === 0 && !hidden, []);
  }

  /** Every state comes back as it was. */
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
    const isNow = name === this.newest;
    const which = isNow ? {} : name === FIRST ? { asOf: 0 } : { snapshot: name };
    const outcome = await scene.undergo(harm, to, (_, frame) =>
      restoreFromServer(scene.job(), { ...frame, ...which, paths: [], to, overwrite: true }),
    );
    const { value, killed, problems } = outcome;
    const folder = new LocalFolder(to);
    const back = without(filesOf(folder), (path) => isDirectory(path) || (path in before && !(path in wanted)));
    const wrong = differences(scene.contents, back, wanted);
    const hidden = harm.lie?.startsWith('hides') ?? false;
    if (value?.exitCode === 0 && wrong.length > 0 && !hidden)
      scene.wrong('false success', `restored ${name || 'the beginning'} with exit 0, and yet: ${wrong.join(', ')}`);
    for (const [path, thing] of folder.picture().things)
      if (isFile(thing) && thing !== wanted[path] && thing !== before[path] && !hidden)
        scene.wrong('torn', `restored ${name}: ${path} is ${scene.contents.name(thing)}; ${explained(outcome)}`);
    if (!isHarmless(harm)) return scene.say(`  ${explained(outcome)}`);
    const missing = Object.keys(wanted).filter((path) => back[path] !== wanted[path]);
    const said = missing.every(
      (path) => this.unkept.has(wanted[path]!) && problems.some((problem) => problem.startsWith(`${path}: `)),
    );
    const expected = missing.length > 0 ? 3 : 0;
    if (killed || value?.exitCode !== expected || !said || wrong.length > missing.length)
      scene.wrong('lost', `${name || 'the beginning'} does not come back: ${explained(outcome)}; ${wrong.join(', ')}`);
    const { temporary } = folder.picture();
    if (temporary.length > 0) scene.wrong('orphan', `restored ${name}: ${temporary.join(', ')}`);
  }

  /** Disturbed, then once more, then another one over it. */
  private async restore({ which, over, harm }: RestoreStep): Promise<void> {
    const { scene, listed } = this;
    const [first, second] = [listed[which % listed.length]!, listed[over % listed.length]!];
    scene.say(`  ${first || 'the beginning'}`);
    const to = mkdtempSync(join(scene.own, 'back-'));
    await this.bring(first, to, harm);
    const again = over % 2 === 0 ? first : second;
    const files = { ...this.known.get(first)!, ...this.known.get(second)! };
    const meets = Object.keys(files).some((path) => Object.keys(files).some((other) => other.startsWith(`${path}/`)));
    if (meets) return;
    scene.say(`  then ${again || 'the beginning'}`);
    await this.bring(again, to, NO_HARM, this.known.get(first));
    rmSync(to, { recursive: true });
  }
}
