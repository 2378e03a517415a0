/** What a program may say about the job that it wants done, and how that is settled. */
import {
  type Config,
  type ConfigText,
  configOf,
  type JobSettings,
  loadConfig,
  type Overrides,
  resolveJob,
  resolvePair,
  secretsMask,
} from '../config/index.ts';
import { ConfigError, UsageError } from '../model/index.ts';

/** What both ways to name a job have in common. */
export interface CommonOptions {
  /** What this program settles by itself, on top of the configuration: as the flags of the command line do. */
  readonly overrides?: Overrides;
  /** The password, or where it comes from. Default: the configuration, `FERRY_PASSWORD`, `~/.netrc`. */
  readonly password?: string | (() => string | Promise<string>);
  /** Where states and locks are kept. Default: `$FERRY_STATE`, else the user's state folder. */
  readonly stateFolder?: string;
}

/** A job of a configuration. */
export interface JobOptions extends CommonOptions {
  /** The job's name; it may be left out where the configuration has one job only. */
  readonly job?: string;
  /**
   * The file, or what would stand in it (relative paths are then seen from the working folder). Default: the
   * `sync.config.json` of the working folder or of one above it.
   */
  readonly config?: string | ConfigText;
}

/** A folder and a URL, in the order they are copied. */
export interface PairOptions extends CommonOptions {
  /** A local folder, or `ftp://`, `ftpes://` or `ftps://` and so on. */
  readonly source: string;
  /** The other one of the two. */
  readonly destination: string;
  /** `sync` carries changes both ways. Default: from the source to the destination. */
  readonly direction?: 'push' | 'pull' | 'sync';
}

/** The job as {@link resolveJob} or {@link resolvePair} settled it, or a program of its own. */
export interface SettledOptions extends Pick<CommonOptions, 'stateFolder'> {
  readonly settings: JobSettings;
}

/** Which job it is: one of a configuration, a folder and a URL, or one that was settled already. */
export type FerryOptions = JobOptions | PairOptions | SettledOptions;

/** @throws ConfigError, UsageError. */
export async function settingsOf(options: FerryOptions): Promise<JobSettings> {
  if ('settings' in options) return options.settings;
  const { overrides, password } = options;
  const settings = 'source' in options ? await pairOf(options) : await jobOf(options, overrides);
  return password === undefined ? settings : withPassword(settings, password);
}

function pairOf({ source, destination, direction, overrides }: PairOptions): Promise<JobSettings> {
  return resolvePair(source, destination, { verb: direction, overrides });
}

async function jobOf({ job, config: given }: JobOptions, overrides: Overrides | undefined): Promise<JobSettings> {
  const config = typeof given === 'object' ? configOf(given) : await loadConfig({ file: given });
  if (config === null) throw new ConfigError('there is no sync.config.json here or above; say where it is: { config }');
  return resolveJob(config, job ?? onlyJob(config), { overrides });
}

function onlyJob({ jobs, file }: Config): string {
  const names = [...jobs.keys()];
  if (names.length === 1) return names[0]!;
  throw new UsageError(`name one of the jobs in ${file}: ${names.join(', ') || 'there is none'}`);
}

function withPassword(settings: JobSettings, password: NonNullable<CommonOptions['password']>): JobSettings {
  let known: Promise<string> | undefined;
  const ask = async () => {
    const answer = typeof password === 'string' ? password : await password();
    secretsMask().add(answer);
    return answer;
  };
  if (typeof password === 'string') secretsMask().add(password);
  return { ...settings, server: { ...settings.server, password: () => (known ??= ask()) } };
}
