/** The `serve` section of `sync.config.json`: an FTP server on a folder, for `ferry serve`. */
import { z } from 'zod';
import { amount, count, duration, password, portRange, readable, text } from './schema-parts.ts';

const LETTERS = 'elradfmwMT';
const A_PERMISSION = `letters of ${LETTERS}: e enter folders, l list, r read, a append, d delete, f rename, m make folders, w write, M change modes, T set times`;
const permissions = z.string().regex(/^[elradfmwMT]*$/, { error: A_PERMISSION });

const absolutePath = z.string().regex(/^\//, { error: 'a path as clients see it, such as "/incoming"' });

const folders = z
  .record(
    absolutePath,
    z.union(
      [
        permissions,
        z.strictObject({
          permissions: permissions.describe(`What is allowed there instead: ${A_PERMISSION}.`),
          recursive: z.boolean().describe('Whether it holds below that folder, too. Default true.').optional(),
        }),
      ],
      { error: `${A_PERMISSION}; or an object with permissions and recursive` },
    ),
  )
  .describe('Other permissions for some folders, by path as clients see it; the longest path decides.');

const common = {
  home: text.describe('The folder that is / to this user, relative to this file. Default: folder.').optional(),
  permissions: permissions.describe(`What the user may do: ${A_PERMISSION}.`).optional(),
  folders: folders.optional(),
  connections: count(1, 100_000).describe('Sessions of this user at one time. Default: no limit.').optional(),
  welcome: text.describe('Said after the login.').optional(),
};

const user = z
  .strictObject({
    password: password.describe(
      'What "ferry serve --hash" printed, or { "env": NAME }, { "file": PATH }, { "command": [PROGRAM, ...] }, or the password itself, which is refused when others can read this file.',
    ),
    ...common,
  })
  .describe('A user of the server; nothing to do with the users of this machine. Default permissions: all.');

const anonymous = z
  .union([z.boolean(), z.strictObject(common)], { error: 'true, false, or an object with home, permissions, ...' })
  .describe('Whether the names anonymous and ftp are let in without a password: true is reading only. Default false.');

const tls = z
  .strictObject({
    cert: text.describe('Certificate, with its chain: a PEM file, relative to this file.'),
    key: text.describe('Its key: a PEM file.'),
    passphrase: password.describe('Passphrase of the key, in the same forms as a password.').optional(),
    minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).describe('The oldest version to speak. Default TLSv1.2.').optional(),
    implicit: z.boolean().describe('TLS from the first byte (ftps://). Default false: AUTH TLS.').optional(),
    required: z
      .boolean()
      .describe('Refuse logins and transfers that are not protected. Default false; true with implicit.')
      .optional(),
    allowClear: z.boolean().describe('Answer CCC: commands go in plain text after login. Default false.').optional(),
    requireSessionReuse: z
      .boolean()
      .describe(
        'Refuse data connections that do not resume the TLS session of their control connection. Default false.',
      )
      .optional(),
  })
  .describe('Protection by TLS.');

const timeouts = z
  .strictObject({
    login: duration.describe('From connecting until logged in. Seconds; default 60.').optional(),
    idle: duration.describe('Without a command. Seconds; default 300.').optional(),
    data: duration.describe('Without a byte on a data connection. Seconds; default 120.').optional(),
    connect: duration.describe('Until a data connection is made. Seconds; default 30.').optional(),
  })
  .describe('How long the server waits for a client.');

const command = z
  .array(text, { error: 'a program and its arguments' })
  .min(1, { error: 'a program and its arguments' })
  .describe(
    'Program and arguments, run without a shell; {file}, {path}, {user}, {address}, {bytes} are filled in, and all facts come as JSON on its standard input.',
  );
const rule = z.strictObject({
  command,
  folder: absolutePath.describe('Only for what happens in or below this folder, as clients see it.').optional(),
});
const hook = z.union([command, rule, z.array(rule).min(1)], {
  error: 'a program and its arguments, an object with command and folder, or a list of such objects',
});

const EVENTS = {
  connect: 'a client connected',
  login: 'a user logged in',
  loginFailed: 'a login was refused',
  stored: 'an upload is complete under its name',
  sent: 'a download is complete',
  incompleteStored: 'an upload broke off',
  incompleteSent: 'a download broke off',
  deleted: 'a file was deleted',
  renamed: 'a file or folder got another name',
  folderMade: 'a folder was made',
  folderRemoved: 'a folder was removed',
  modeChanged: 'permission bits were changed',
  timeChanged: 'a modification time was set',
  logout: 'a user is gone, by name',
  disconnect: 'a client is gone',
} as const;
type EventName = keyof typeof EVENTS;

const hooks = z
  .strictObject(
    Object.fromEntries(
      Object.entries(EVENTS).map(([event, when]) => [event, hook.describe(`Started when ${when}.`).optional()]),
    ) as unknown as Record<EventName, z.ZodOptional<typeof hook>>,
  )
  .describe('Programs to start when something happens; at most four at once, the others wait.');

export const serve = z
  .strictObject({
    folder: text.describe('The folder to serve, relative to this file: the home of users that have none.').optional(),
    host: text
      .describe('Address to listen on: 127.0.0.1 (default) is this machine only, :: every network, IPv4 too.')
      .optional(),
    port: count(0, 65_535).describe('Port to listen on; 0 is any free one. Default 2121.').optional(),
    users: z.record(text, user).describe('Users by name.').optional(),
    anonymous: anonymous.optional(),
    tls: tls.optional(),
    banner: text.describe('The greeting; several lines are allowed.').optional(),
    passivePorts: portRange
      .describe('Ports for passive data connections, such as "50000-50100". Default: any.')
      .optional(),
    masquerade: z
      .ipv4({ error: 'an IPv4 address' })
      .describe('The address told in PASV, for a server behind NAT. Default: the one that the client connected to.')
      .optional(),
    active: z.boolean().describe('Whether PORT and EPRT are answered. Default true.').optional(),
    connections: count(1, 100_000).describe('Sessions at one time. Default 512.').optional(),
    connectionsPerAddress: count(1, 100_000)
      .describe('Sessions at one time from one address. Default: no limit.')
      .optional(),
    loginAttempts: count(1, 100).describe('Wrong passwords until a session is ended. Default 3.').optional(),
    loginDelay: duration
      .describe('Until a wrong password is answered; doubles with each further one. Seconds; default 1.')
      .optional(),
    timeouts: timeouts.optional(),
    uploadRate: amount.describe('Bytes a second for each upload, such as "2M". Default: no limit.').optional(),
    downloadRate: amount.describe('Bytes a second for each download. Default: no limit.').optional(),
    temporaryUploads: z
      .boolean()
      .describe(
        'Uploads take their name when they are complete; a cut one leaves the old file, and cannot be resumed. Default false.',
      )
      .optional(),
    syncUploads: z
      .boolean()
      .describe('Say that an upload is complete only when it is on the disk (fsync). Default false.')
      .optional(),
    links: z
      .enum(['show', 'follow'])
      .describe('Links in listings: as links, or as what they lead to. Default show.')
      .optional(),
    hooks: hooks.optional(),
    grace: duration.describe('How long transfers may go on after SIGTERM or SIGINT. Seconds; default 10.').optional(),
  })
  .superRefine(
    readable(({ uploadRate, downloadRate }) => {
      for (const [key, rate] of Object.entries({ uploadRate, downloadRate }))
        if (rate !== undefined && Number.parseFloat(String(rate)) === 0)
          throw new RangeError(`${key}: 0 moves nothing`);
    }),
  )
  .describe('An FTP server on a folder: ferry serve.');

export type ServeText = z.infer<typeof serve>;
