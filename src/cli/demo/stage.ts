/** Where the demo plays: a throw-away folder, and the built-in server on loopback, which can be pulled out and put back. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Overrides, resolvePair, secretsMask } from '../../config/index.ts';
import type { RunEventBody, Summary } from '../../model/index.ts';
import { FtpServer } from '../../server/index.ts';
import { run } from '../../sync/index.ts';

const USER = 'demo';

type ActionEvent = Extract<RunEventBody, { type: 'action' }>;

/** What a run told, and its end. */
export interface Told {
  readonly summary: Summary;
  readonly events: readonly RunEventBody[];
}

/** A file as the server got it, by the server's own count. */
export interface Arrival {
  readonly file: string;
  readonly bytes: number;
  readonly resumedFrom: number;
}

export class Stage {
  readonly folder: string;
  /** Uploads that the server saw end. */
  readonly arrivals: Arrival[] = [];
  private readonly password = randomBytes(12).toString('hex');
  private server: FtpServer | undefined;
  private port = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async build(): Promise<Stage> {
    const stage = new Stage(await mkdtemp(join(tmpdir(), 'ferry-demo-')));
    secretsMask().add(stage.password);
    await mkdir(stage.path('server'));
    return stage;
  }

  /** Nothing stays. */
  async clear(): Promise<void> {
    await this.unplug();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  get url(): string {
    return `ftp://${USER}@127.0.0.1:${this.port}/www`;
  }

  /** Starts the server; a second time on the same port. */
  async plug(): Promise<void> {
    const server = new FtpServer({
      port: this.port,
      root: this.path('server'),
      users: [{ name: USER, password: this.password }],
    });
    server.on('stored', ({ file, bytes, resumedFrom }) => void this.arrivals.push({ file, bytes, resumedFrom }));
    this.port = (await server.listen()).port;
    this.server = server;
  }

  /** Cuts every connection at once, in the middle of whatever is under way, and stops the server. */
  async unplug(): Promise<void> {
    await this.server?.close(0);
    this.server = undefined;
  }

  /** One real run, with a memory of its own in the throw-away folder. */
  async run(
    source: string,
    destination: string,
    signal: AbortSignal,
    options: { readonly overrides?: Overrides; readonly onEvent?: (event: RunEventBody) => void } = {},
  ): Promise<Told> {
    const surroundings = { cwd: this.folder, env: { FERRY_PASSWORD: this.password }, home: this.folder };
    const job = await resolvePair(source, destination, { surroundings, overrides: options.overrides });
    const events: RunEventBody[] = [];
    const tell = (event: RunEventBody) => {
      events.push(event);
      options.onEvent?.(event);
    };
    const summary = await run(job, { tell, signal, stateBase: this.path('state') });
    signal.throwIfAborted();
    return { summary, events };
  }
}

/** The transfers that a run brought to an end. */
export function transfersOf({ events }: Told): ActionEvent[] {
  return events
    .filter((event): event is ActionEvent => event.type === 'action')
    .filter(({ action, status }) => status === 'done' && (action === 'upload' || action === 'download'));
}
