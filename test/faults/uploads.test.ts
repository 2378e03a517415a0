/** What goes wrong while a tree is pushed: every byte on both sides is right afterwards, and so is the exit code. */
import { describe, expect, test } from 'vitest';
import type { JobSettings } from '../../src/config/settings.ts';
import { disk, type FileSystem, type ServerOptions } from '../../src/server/index.ts';
import { serverSettings } from '../builders/connect.ts';
import { type Outcome, undergo } from './ordeal.ts';
import { type Fault, type ScriptedServer, scriptedServer } from './scripted-server.ts';

const EVER = Number.POSITIVE_INFINITY;

interface Row {
  readonly says: string;
  readonly faults: readonly Fault[];
  readonly exit: number;
  readonly options?: Partial<ServerOptions>;
  readonly changes?: Partial<JobSettings>;
  readonly replyTimeout?: number;
  readonly also?: (outcome: Outcome, server: ScriptedServer) => void;
}

const noneLeft = ({ leftovers }: Outcome) => expect(leftovers).toEqual([]);

/** A disk on which writing this content is denied, the first time; the file is there by then. */
function deniedOnce(content: string): FileSystem {
  let denied = false;
  return {
    ...disk,
    open: async (path, flags, mode) => {
      const file = await disk.open(path, flags, mode);
      return {
        stat: () => file.stat(),
        read: (buffer, position) => file.read(buffer, position),
        truncate: (size) => file.truncate(size),
        sync: () => file.sync(),
        close: () => file.close(),
        write: async (chunks, position) => {
          if (!denied && Buffer.concat([...chunks]).toString() === content) {
            denied = true;
            throw Object.assign(new Error('denied'), { code: 'EACCES' });
          }
          await file.write(chunks, position);
        },
      };
    },
  };
}

/** A disk that keeps half of this content the first time, and says nothing of it. */
function halvedOnce(content: string): FileSystem {
  let halved = false;
  return {
    ...disk,
    open: async (path, flags, mode) => {
      const file = await disk.open(path, flags, mode);
      return {
        stat: () => file.stat(),
        read: (buffer, position) => file.read(buffer, position),
        truncate: (size) => file.truncate(size),
        sync: () => file.sync(),
        close: () => file.close(),
        write: async (chunks, position) => {
          const whole = Buffer.concat([...chunks]);
          const halves = !halved && whole.toString() === content;
          halved ||= halves;
          await file.write([halves ? whole.subarray(0, whole.length / 2) : whole], position);
        },
      };
    },
  };
}

const TRANSIENT = ['421 Try later', '425 No data connection', '426 Broken', '450 Busy', '451 Error'] as const;

const ROWS: readonly Row[] = [
  ...TRANSIENT.map(
    (does): Row => ({ says: `STOR answered ${does}, once`, faults: [{ on: /^STOR .*c\.txt/, does }], exit: 0 }),
  ),
  ...(['RNTO', 'MKD', 'DELE', 'RMD', 'MFMT', 'MLST', 'EPSV'] as const).flatMap((verb): Row[] => [
    { says: `${verb} answered 450, once`, faults: [{ on: new RegExp(`^${verb}`), does: '450 Busy' }], exit: 0 },
    { says: `${verb} answered 421, once`, faults: [{ on: new RegExp(`^${verb}`), does: '421 Bye' }], exit: 0 },
  ]),
  ...(['STOR', 'RNFR', 'RNTO', 'MKD', 'DELE', 'RMD', 'MFMT', 'MLST', 'MLSD'] as const).flatMap((verb): Row[] => [
    {
      says: `${verb} is carried out and the connection lost with its reply`,
      faults: [{ on: new RegExp(`^${verb}`), does: 'lose the reply' }],
      exit: 0,
    },
    {
      says: `the connection is lost at ${verb}`,
      faults: [{ on: new RegExp(`^${verb}`), does: 'close' }],
      exit: 0,
    },
  ]),
  {
    says: 'the 226 of STOR never comes',
    faults: [{ on: /^STOR .*big/, does: 'say nothing' }],
    replyTimeout: 700,
    exit: 0,
  },
  {
    says: 'one file is refused with 450 for ever: the others are done, and the deletes',
    faults: [{ on: /^STOR .*c\.txt/, does: '450 Busy', times: EVER }],
    exit: 3,
    also: ({ destination }) => {
      expect(destination).toMatchObject({ 'a.txt': 'a, which is new', 'b/c.txt': 'c, old' });
      expect(destination).not.toHaveProperty(['gone/x.txt']);
    },
  },
  {
    says: 'one delete is refused with 450 for ever: the others are done',
    faults: [{ on: /^DELE .*b\/gone/, does: '450 Busy', times: EVER }],
    exit: 3,
    also: ({ destination, under }) => {
      expect(destination).not.toHaveProperty(['gone/x.txt']);
      expect(under.problems).toHaveLength(1);
    },
  },
  {
    says: 'one directory cannot be made: what is beside it is done',
    faults: [{ on: /^MKD .*fresh/, does: '450 Busy', times: EVER }],
    exit: 3,
    also: ({ destination }) => expect(destination).toMatchObject({ 'a.txt': 'a, which is new' }),
  },
  ...(['452 Insufficient storage space', '552 Quota exceeded'] as const).map(
    (does): Row => ({
      says: `${does}: the old files stay, our temporary files go, and nothing more is sent`,
      faults: [{ on: /^STOR/, does, times: EVER }],
      changes: {},
      exit: 3,
      also: (outcome) => {
        noneLeft(outcome);
        expect(outcome.under.problems.join()).toMatch(/no room left.*bytes are needed/s);
      },
    }),
  ),
  {
    says: 'the disk fills up while a big file is sent',
    faults: [{ on: /^APPE nothing|^STOR .*big/, does: '552 Quota exceeded', times: EVER }],
    exit: 3,
    also: noneLeft,
  },
  {
    says: 'one directory may not be written to: that is no reason to store elsewhere in place',
    faults: [{ on: /^STOR \/site\/b\//, does: '550 Permission denied', times: EVER }],
    exit: 3,
    also: (outcome, server) => {
      noneLeft(outcome);
      expect(server.commands.filter((line) => /^STOR .*\/(a\.txt|big\.bin|n\.txt|c\.txt)$/.test(line))).toEqual([]);
    },
  },
  {
    says: 'temporary names are refused: no existing file is written over, new ones are stored in place, and it is said',
    faults: [{ on: /^STOR .*\.ferry$/, does: '553 Not that name', times: EVER }],
    exit: 3,
    also: (outcome, server) => {
      noneLeft(outcome);
      expect(outcome.destination).toMatchObject({ 'a.txt': 'a, old', 'b/c.txt': 'c, old', 'fresh/n.txt': /new/ });
      expect(server.commands.filter((line) => /^STOR .*\/a\.txt$/.test(line))).toEqual([]);
    },
  },
  {
    says: 'temporary names are refused and a new file is cut off: what was begun under its name goes again',
    faults: [
      { on: /^STOR .*\.ferry$/, does: '553 Not that name', times: EVER },
      { on: /^STOR .*n\.txt$/, does: '426 Broken', times: EVER },
    ],
    exit: 3,
    also: noneLeft,
  },
  {
    says: 'a name is refused only once something was written under it: the other kind is used, and nothing is left',
    options: { fileSystem: deniedOnce('a, which is new') },
    faults: [],
    exit: 0,
    also: (outcome, server) => {
      noneLeft(outcome);
      expect(server.commands.filter((line) => /^STOR .*\/\.?a\.txt\..*ferry$/.test(line)).length).toBeGreaterThan(2);
    },
  },
  {
    says: 'the server keeps half of a file, and tells sizes in its listings only',
    options: { fileSystem: halvedOnce('a, which is new') },
    faults: [{ on: /^(MLST|SIZE|MLSD)/, does: '500 What?', times: EVER }],
    exit: 0,
  },
  {
    says: 'hidden names are refused',
    faults: [{ on: /^STOR .*\/\.[^/]*$/, does: '553 No hidden files', times: EVER }],
    exit: 0,
    also: noneLeft,
  },
  {
    says: 'RNTO refused: the old file stays, the temporary one goes',
    faults: [{ on: /^RNTO .*(c|new)\.txt$/, does: '553 Not allowed', times: EVER }],
    exit: 3,
    also: noneLeft,
  },
  {
    says: 'the time cannot be set: the file is there all the same',
    faults: [{ on: /^(MFMT|MFF|MDTM \d{14} |SITE UTIME)/, does: '550 Not owner', times: EVER }],
    exit: 0,
  },
  {
    says: 'the server answers the size of one file with a refusal for ever',
    faults: [{ on: /^MLST .*c\.txt/, does: '550 No', times: EVER }],
    exit: 3,
    also: ({ destination }) => expect(destination).toMatchObject({ 'b/c.txt': 'c, old' }),
  },
  {
    says: 'the connection is lost at every RNTO: the run ends',
    faults: [{ on: /^RNTO/, does: 'close', times: EVER }],
    exit: 3,
  },
  {
    says: 'every command of a login is refused once the run is under way',
    faults: [
      { on: /^STOR/, does: 'close', times: EVER },
      { on: /^USER/, after: 1, does: '421 Going down', times: EVER },
    ],
    exit: 5,
  },
  {
    says: 'a listing below cannot be had: nothing in it is deleted, the rest is done',
    faults: [{ on: /^(CWD|MLSD|LIST).*\/site\/b/, does: '550 Permission denied', times: EVER }],
    exit: 3,
    also: ({ destination }) => expect(destination).toHaveProperty(['b/gone.txt']),
  },
  ...(['lose the reply', 'close'] as const).flatMap((does): Row[] =>
    [0, 1, 2, 3, 4].map((after) => ({
      says: `no rename over an existing file, RNTO number ${after + 1}: ${does}`,
      options: { noRenameOver: true },
      faults: [{ on: /^RNTO/, does, after }],
      exit: 0,
    })),
  ),
  {
    says: 'no rename over an existing file, and the aside cannot be removed at once',
    options: { noRenameOver: true },
    faults: [{ on: /^DELE .*old\.ferry/, does: 'close' }],
    exit: 0,
    also: noneLeft,
  },
  {
    says: 'one connection only, no rename over an existing file',
    options: { noRenameOver: true, maxConnections: 1 },
    changes: { retries: 5 },
    faults: [{ on: /^RNTO/, does: 'lose the reply', after: 2 }],
    exit: 0,
  },
  {
    says: 'no MLST, SIZE, MDTM, MFMT, REST',
    options: {
      withoutFeatures: ['MLST', 'SIZE', 'MDTM', 'MFMT', 'MFF', 'MDTM SET', 'SITE UTIME', 'REST STREAM', 'REST'],
    },
    faults: [{ on: /^RNTO/, does: 'lose the reply' }],
    exit: 0,
  },
  {
    says: 'neither REST nor APPE: a big file that was cut starts again',
    options: { withoutFeatures: ['REST STREAM', 'REST', 'APPE'] },
    faults: [{ on: /^STOR .*big/, does: 'lose the reply' }],
    exit: 0,
  },
  {
    says: 'a partial file may not be read back: it is sent from the start',
    faults: [
      { on: /^STOR .*big/, does: 'lose the reply' },
      { on: /^RETR/, does: '550 Upload only', times: EVER },
    ],
    exit: 0,
  },
];

describe('a push', () => {
  test.concurrent.each(ROWS)('$says', { timeout: 240_000 }, async (row) => {
    const server = await scriptedServer(row.options);
    try {
      const { faults, changes = {}, replyTimeout = 20_000 } = row;
      const settings = { ...changes, server: serverSettings(server, { replyTimeout }) };
      const outcome = await undergo({ server, direction: 'push', faults, changes: settings });
      const { summary, problems } = outcome.under;
      expect(summary.exitCode, `${summary.message}\n${problems.join('\n')}`).toBe(row.exit);
      row.also?.(outcome, server);
    } finally {
      await server.stop();
    }
  });
});
