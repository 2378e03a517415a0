/**
 * The shape of `sync.config.json`, and the only description of it: editors get their JSON Schema from here. The `error`
 * of a key is what was wanted there ("a list"); a `custom` issue is a whole sentence. `complaint.ts` puts them together.
 */
import iconv from 'iconv-lite';
import { z } from 'zod';
import { ROOT, toRelPath } from '../model/index.ts';
import { A_LASTING_DURATION } from './duration.ts';
import { A_FINGERPRINT, FINGERPRINT } from './fingerprint.ts';
import { A_MAX_DELETE, MAX_DELETE, parseMaxDelete } from './max-delete.ts';
import { parseProxyUrl } from './proxy-url.ts';
import {
  count,
  duration,
  lasting,
  measure,
  octal,
  password,
  patterns,
  portRange,
  readable,
  some,
  text,
} from './schema-parts.ts';
import { serve } from './serve-schema.ts';
import { looksLikeUrl, parseRemoteUrl, remoteFolder } from './url.ts';

const timeouts = z
  .strictObject({
    connect: lasting.describe('How long connecting and logging in may take, each. Seconds; default 15.').optional(),
    reply: lasting.describe('How long a reply to a command may take. Seconds; default 60.').optional(),
    data: lasting.describe('How long a data connection may fall silent. Seconds; default 60.').optional(),
  })
  .describe('Deadlines, each on its own.');

const timeout = z
  .union([lasting, timeouts], { error: `${A_LASTING_DURATION}, or an object with connect, reply, data` })
  .describe('Deadlines for the server: one for all waits, or connect, reply and data each. Seconds.');

const A_PROXY = '"none", a socks5:// or http:// url, or an object with url and password';

const proxy = z
  .union(
    [
      text,
      z.strictObject({
        url: text.describe('socks5://user@host:1080 or http://user@host:3128.'),
        password: password.describe('The password for the proxy, in the same forms as that of the server.').optional(),
      }),
    ],
    { error: A_PROXY },
  )
  .superRefine(
    readable((value) => {
      if (value === 'none') return;
      const url = parseProxyUrl(typeof value === 'string' ? value : value.url);
      if (typeof value === 'string' || value.password === undefined) return;
      if (url.password !== undefined) throw new RangeError('the url holds a password already');
      if (url.user === undefined) throw new RangeError('there is a password and no user; write the user into the url');
    }),
  )
  .describe(
    'What all connections go through: socks5://user@host:1080, http://host:3128 (CONNECT), { "url": ..., "password": ... }, or "none". Default: FERRY_PROXY, then ALL_PROXY, except for what NO_PROXY lists.',
  );

const pin = z.string().regex(FINGERPRINT, { error: A_FINGERPRINT });

const tls = z
  .strictObject({
    verify: z.boolean().describe('Whether the certificate must be valid for the host. Default true.').optional(),
    ca: text.describe('Certificate authorities to trust instead of the system’s: a file, or PEM text.').optional(),
    pin: z
      .union([pin, z.array(pin).min(1)], { error: 'a SHA-256 fingerprint or a list of them: 64 hexadecimal digits' })
      .describe('SHA-256 fingerprint(s) of the certificate; it must be one of them.')
      .optional(),
    minVersion: z
      .enum(['TLSv1.2', 'TLSv1.3'])
      .describe('The oldest TLS version to accept. Default TLSv1.2.')
      .optional(),
    protect: z
      .enum(['private', 'clear'], { error: '"private" or "clear"' })
      .describe(
        'clear: files and listings travel as plain text (PROT C), for servers or networks that cannot have it otherwise; warned about. Default private.',
      )
      .optional(),
    ccc: z
      .boolean()
      .describe(
        'Whether commands travel as plain text after the login (CCC), for firewalls that have to read them; warned about. Default false.',
      )
      .optional(),
    cert: text.describe('Certificate of this client: a file, or PEM text.').optional(),
    key: text.describe('Key of that certificate: a file, or PEM text.').optional(),
  })
  .describe('How the connection is protected; for ftpes:// and ftps://.');

const server = z
  .strictObject({
    url: z
      .string()
      .superRefine(readable(parseRemoteUrl))
      .describe(
        'ftp:// (plain text), ftpes:// (explicit TLS) or ftps:// (implicit TLS), user and host: ftpes://deploy@ftp.example.com. Default ports 21 and 990.',
      ),
    user: text.describe('User name, where the URL has none. Default: the one in ~/.netrc, else anonymous.').optional(),
    password: password.optional(),
    account: text.describe('Account, for the few servers that ask for one (ACCT).').optional(),
    connections: count(1, 64).describe('How many connections may be open at once. Default 8.').optional(),
    mode: z
      .enum(['passive', 'active', 'auto'])
      .describe('Who opens data connections; auto is passive, and active where that does not work. Default auto.')
      .optional(),
    sourceAddress: text.describe('Local address that connections start from.').optional(),
    proxy: proxy.optional(),
    activePorts: portRange
      .describe('Ports to listen on for active data connections, such as "50000-50100". Default: any.')
      .optional(),
    activeAddress: text.describe('Address the server is told to connect to in active mode.').optional(),
    encoding: text
      .refine((name) => iconv.encodingExists(name), {
        error: 'no encoding of that name is known; try utf-8, latin1, windows-1252 or shift_jis',
      })
      .describe('How names are encoded on a server that does not speak UTF-8. Default utf-8.')
      .optional(),
    longestListing: some
      .describe(
        'The longest listing of one directory that is read, in bytes; a longer one is given up and counts as incomplete. Default "128Mi".',
      )
      .optional(),
    tls: tls.optional(),
    timeout: timeout.optional(),
  })
  .describe('A server and how to log in to it.');

const chmod = z
  .union(
    [
      z.enum(['none', 'preserve']),
      z.strictObject({
        files: octal.describe('Permission bits of files, in octal: "644".').optional(),
        directories: octal.describe('Permission bits of directories, in octal: "755".').optional(),
      }),
    ],
    { error: '"none", "preserve", or an object with files, directories' },
  )
  .describe('Permission bits of copies: none leaves them to the other side, preserve copies them. Default none.');

const argv = z.tuple([text], z.string(), {
  error: 'a program and its arguments, such as ["/usr/local/bin/notify", "done"]',
});
const hook = (description: string) =>
  z
    .union([argv, z.array(argv).min(1)], {
      error: 'a program and its arguments, such as ["/usr/local/bin/notify", "done"], or a list of such',
    })
    .describe(description)
    .optional();

const hooks = z
  .strictObject({
    before: hook('Before anything is looked at; where it does not end with 0, nothing is done (exit code 4).'),
    after: hook(
      'After a run that ended with exit code 0; where it fails, that is said and the `failed` hooks run; the exit code stays 0, as both sides agree.',
    ),
    failed: hook('After a run that ended with any other exit code.'),
    timeout: lasting.describe('How long each of them may take. Seconds; default 300.').optional(),
  })
  .describe(
    'Programs that run around each run that is no dry run: [PROGRAM, ARGUMENT, ...], or a list of such. No shell reads them, their folder is that of this file, and they find the run’s summary in FERRY_... variables and as JSON on standard input.',
  );

const A_HEARTBEAT = 'an http:// or https:// url, or a program and its arguments';

const heartbeat = z
  .union([text, argv], { error: A_HEARTBEAT })
  .superRefine(
    readable((value) => {
      if (typeof value !== 'string') return;
      const url = URL.canParse(value) ? new URL(value) : undefined;
      if (url?.protocol !== 'https:' && url?.protocol !== 'http:') throw new RangeError(`this is not ${A_HEARTBEAT}`);
      if (url.username || url.password) {
        throw new RangeError('a url with a password is not asked; use a program, such as ["curl", "-fsS", URL]');
      }
    }),
  )
  .describe(
    'Told after each run that ended with exit code 0, for a monitor that misses it: a URL (healthchecks.io, Uptime Kuma), or a program and its arguments. Its failure is only a warning.',
  );

const watching = z
  .strictObject({
    settle: duration
      .describe('How long a file must have stood still before it is sent. Seconds; default 0.5.')
      .optional(),
    rescan: duration
      .describe('How often everything is looked at once more, whatever was noticed. Seconds; default 15 minutes.')
      .optional(),
    poll: duration.describe('How often a pull or a sync looks at the server. Seconds; default 60.').optional(),
    polling: z
      .boolean()
      .describe(
        'Look at every file again and again instead of relying on the system’s notices: for network disks. Default false.',
      )
      .optional(),
  })
  .describe('How ferry watch goes about this job.');

/** A folder in the local one, without a slash at its end. Throws a RangeError. */
export function folderInside(written: string): string {
  const path = toRelPath(written.replace(/^\.\//, '').replace(/\/+$/, ''));
  if (path === ROOT) throw new RangeError('this is the local folder itself');
  return path;
}

const kept = (description: string) => count(1, 100_000).describe(description).optional();

const keep = z
  .strictObject({
    last: kept('The newest so many.'),
    hourly: kept('Of so many hours that have any, the newest.'),
    daily: kept('Of so many days.'),
    weekly: kept('Of so many weeks, from Monday.'),
    monthly: kept('Of so many months.'),
    yearly: kept('Of so many years.'),
  })
  .describe('Which of them stay: what any of the rules keeps, by UTC. Default: all.');

const backup = z
  .strictObject({ keep: keep.optional() })
  .describe(
    'Makes of the job a backup: a pull puts a full, dated set of files into a folder of its own below the local one (ferry backup), and a push keeps what it replaces and deletes on the server.',
  );

const job = z
  .strictObject({
    direction: z
      .enum(['push', 'pull', 'sync'])
      .describe('push: the remote folder becomes like the local one; pull: the reverse; sync: both ways.'),
    local: text.describe('The local folder, relative to this file.'),
    server: text
      .superRefine(readable((value) => looksLikeUrl(value) && parseRemoteUrl(value)))
      .describe('Name of one of the servers, or a URL.'),
    remote: z
      .string()
      .superRefine(readable(remoteFolder))
      .describe(
        'The remote folder: /htdocs is absolute, ~/htdocs below the folder a login starts in. Default: that folder.',
      )
      .optional(),
    include: patterns.describe('gitignore patterns: only what matches one is carried. Default: everything.').optional(),
    exclude: patterns.describe('gitignore patterns: what matches does not exist for this job.').optional(),
    delete: z
      .enum(['none', 'tracked', 'all'])
      .describe(
        'What may be deleted at the destination: nothing, what Ferry put there and nobody changed, or all that the source lacks. Default tracked.',
      )
      .optional(),
    compare: z
      .enum(['auto', 'size', 'time', 'hash'])
      .describe('How same content is told: size alone, size and time, by content, or the best at hand. Default auto.')
      .optional(),
    maxDelete: measure(z.int(), MAX_DELETE, A_MAX_DELETE)
      .superRefine(readable(parseMaxDelete))
      .describe('Refuse a run that deletes more: a number, or a share such as "30%". Default 25 % and more than 10.')
      .optional(),
    drift: z
      .enum(['overwrite', 'keep', 'fail'])
      .describe('What happens to a file that changed at the destination only. Default overwrite.')
      .optional(),
    conflict: z
      .enum(['keep-both', 'newer', 'local', 'remote', 'fail'])
      .describe('What sync does with a file that changed on both sides. Default keep-both.')
      .optional(),
    links: z
      .enum(['skip', 'follow'])
      .describe('Whether local symbolic links that stay inside the folder are followed. Default skip.')
      .optional(),
    order: patterns
      .describe('gitignore patterns: what matches is held back until the rest is done, in this order.')
      .optional(),
    chmod: chmod.optional(),
    ascii: patterns
      .describe(
        'gitignore patterns of texts, sent in ASCII type: their line ends become those of the side they go to. Never resumed; sizes that differ do not count. Default: none, every byte is kept.',
      )
      .optional(),
    connections: count(1, 64).describe('How many connections may be open at once. Default: the server’s.').optional(),
    limitRate: some.describe('Bytes a second, such as "2M". Default: no limit.').optional(),
    retries: count(0, 1000).describe('How often a failed transfer is tried again. Default 5.').optional(),
    maxDuration: lasting.describe('Stop after this time. Seconds; default: no limit.').optional(),
    maxTransfer: some.describe('Stop after so many bytes. Default: no limit.').optional(),
    timeout: timeout.optional(),
    hooks: hooks.optional(),
    heartbeat: heartbeat.optional(),
    release: z
      .enum(['direct', 'staged'])
      .describe(
        'How a push publishes: each file as soon as it has arrived, or, staged, all of them at once when everything is there, and none if anything failed. Default direct.',
      )
      .optional(),
    maintenance: z
      .strictObject({
        enter: hook('Before a staged release is published; where it does not end with 0, nothing is published.'),
        leave: hook('After it, however it went.'),
        timeout: lasting.describe('How long each of them may take. Seconds; default 300.').optional(),
      })
      .describe('Programs that run around the moment in which a staged release is published, in the forms of hooks.')
      .optional(),
    keepVersions: count(0, 1000)
      .describe(
        'Of how many pushes the replaced and deleted files are kept on the server, below .ferry/versions, for ferry rollback. Default 0.',
      )
      .optional(),
    backup: backup.optional(),
    lock: z
      .union(
        [
          z.enum(['local', 'remote']),
          z.strictObject({
            staleAfter: lasting
              .describe('How long the run that holds the lock may show no heartbeat. Seconds; default 60.')
              .optional(),
          }),
        ],
        { error: '"local", "remote", or an object with staleAfter' },
      )
      .describe(
        'What keeps two runs apart: a lock on this machine, or one on the server, for several machines that write to one remote folder. Default local.',
      )
      .optional(),
    wait: duration.describe('How long to wait for another run to end. Seconds; default 0.').optional(),
    state: z
      .enum(['local', 'remote'])
      .describe(
        'Where it is remembered what both sides agreed on: on this machine, or on the server, for CI, where nothing local survives. Default local.',
      )
      .optional(),
    watch: watching.optional(),
    after: z
      .union(
        [
          z.literal('delete'),
          z.strictObject({
            move: text
              .superRefine(readable(folderInside))
              .describe('A folder in the local one, such as "sent/"; it is left out of the job.'),
          }),
        ],
        { error: '"delete", or an object with move' },
      )
      .describe(
        'For a hot folder: what becomes of a file here once the server holds it, byte for byte. Nothing is deleted on the server then. Default: it stays.',
      )
      .optional(),
  })
  .describe('A pair of folders and how they are kept in step.');

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error: 'a name of letters, digits, ".", "_" and "-", at most 64',
});

export const configSchema = z
  .strictObject({
    $schema: z.string().describe('Where editors find the description of this file.').optional(),
    servers: z.record(name, server).describe('Servers by name.').optional(),
    jobs: z.record(name, job).describe('Jobs by name: ferry push NAME.').optional(),
    serve: serve.optional(),
  })
  .meta({ title: 'sync.config.json', description: 'Configuration of Ferry (npm ftp-ferry).' });

export type ConfigText = z.infer<typeof configSchema>;
export type ServerText = z.infer<typeof server>;
export type JobText = z.infer<typeof job>;
export type HooksText = z.infer<typeof hooks>;
export type { PasswordText } from './schema-parts.ts';
export type { ServeText } from './serve-schema.ts';
export type ProxyText = z.infer<typeof proxy>;
export type TimeoutText = z.infer<typeof timeout>;
