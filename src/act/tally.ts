/** What a run has done so far: the numbers of its summary. */
import {
  type Action,
  EXIT,
  type Plan,
  type Problem,
  type Remote,
  type Summary,
  type Tell,
  type Untouched,
} from '../model/index.ts';

/** Problems that the history of a job names of each run. */
const MOST_KEPT = 5;

/** A conflict is left only where a rule says so, and only a sync has any. */
const LEFT =
  'it changed on both sides and was left as it is; --conflict keep-both keeps both, and newer, local or remote choose';

export class Tally {
  uploaded = 0;
  downloaded = 0;
  renamed = 0;
  deleted = 0;
  failed = 0;
  bytesSent = 0;
  bytesReceived = 0;
  conflicts = 0;
  /** Why deletes were left out; undefined when none were. */
  withheld: string | undefined;
  /** Why a staged release was not published; undefined where it was. */
  unpublished: string | undefined;
  /** What failed once the work was done: a program of the user's own. It is said, and changes no exit code. */
  afterwards: string | undefined;
  /** The snapshot that a backup made; undefined where it made none. */
  snapshot: string | undefined;
  untouched: Untouched = { unchanged: 0, sameBySize: 0, kept: 0 };
  /** For the history, which keeps a few. */
  readonly firstProblems: Problem[] = [];
  /** Paths whose connection failed too often. */
  lost = 0;
  private problemCount = 0;
  private readonly tell: Tell;

  constructor(tell: Tell) {
    this.tell = tell;
  }

  get problems(): number {
    return this.problemCount;
  }

  /** Whether both sides agree on everything in scope, as far as the paths are concerned. */
  get agreed(): boolean {
    return this.problemCount === 0 && this.failed === 0 && this.conflicts === 0;
  }

  private get exitCode(): number {
    if (this.withheld !== undefined) return EXIT.refused;
    return this.agreed ? EXIT.agreed : EXIT.incomplete;
  }

  /** Takes over what a plan knows already: its problems, its conflicts, and what it leaves alone. */
  planned({ problems, conflicts, untouched }: Plan): void {
    for (const problem of problems) this.problem(problem);
    for (const { path } of conflicts) this.problem({ path, side: 'local', code: 'conflict', message: LEFT });
    this.conflicts = conflicts.length;
    this.untouched = untouched;
  }

  problem(problem: Problem): void {
    this.problemCount++;
    if (problem.code === 'connection') this.lost++;
    if (this.firstProblems.length < MOST_KEPT) this.firstProblems.push(problem);
    this.tell({ type: 'problem', ...problem });
  }

  done(action: Action): void {
    if (action.action === 'upload') this.uploaded++;
    else if (action.action === 'download') this.downloaded++;
    else if (action.action === 'rename') this.renamed++;
    else if (action.action !== 'mkdir') this.deleted++;
  }

  moved(side: 'sent' | 'received', bytes: number): void {
    if (side === 'sent') this.bytesSent += bytes;
    else this.bytesReceived += bytes;
  }

  /** @param since when the run began, on the clock of `performance.now()`. */
  summary(
    job: string,
    since: number,
    remote: Pick<Remote, 'counters'> | undefined,
    end: { exitCode?: number; message?: string },
  ): Summary {
    const exitCode = end.exitCode ?? this.exitCode;
    const said = end.message ?? this.unpublished ?? this.withheld;
    const message = said ?? (exitCode === EXIT.agreed ? this.afterwards : undefined);
    return {
      job,
      exitCode,
      ...(message === undefined ? {} : { message }),
      uploaded: this.uploaded,
      downloaded: this.downloaded,
      renamed: this.renamed,
      deleted: this.deleted,
      unchanged: this.untouched.unchanged,
      sameBySize: this.untouched.sameBySize,
      failed: this.failed,
      problems: this.problemCount,
      bytesSent: this.bytesSent,
      bytesReceived: this.bytesReceived,
      commands: remote?.counters.commands ?? 0,
      connections: remote?.counters.connections ?? 0,
      seconds: Math.round((performance.now() - since) / 10) / 100,
      ...(this.snapshot === undefined ? {} : { snapshot: this.snapshot }),
    };
  }
}
