/** What goes wrong while a tree is pulled: every byte on both sides is right afterwards, and so is the exit code. */
import { describe, expect, test } from 'vitest';
import type { JobSettings } from '../../src/config/settings.ts';
import { disk, type FileSystem, type ServerOptions } from '../../src/server/index.ts';
import { serverSettings } from '../builders/connect.ts';
import type { Drawing } from '../builders/folder.ts';
import { NEW, OLD, type Outcome, undergo } from './ordeal.ts';
import { type Fault, scriptedServer } from './scripted-server.ts';

const EVER = Number.POSITIVE_INFINITY;

/** A disk that lies while `on`. */
class LyingDisk {
  on = false;
  /** Names that listings leave out. */
  hidden: RegExp | undefined;
  /** Files of which only the first half can be read. */
  halved: RegExp | undefined;

  readonly fileSystem: FileSystem = {
    ...disk,
    readdir: async (path) => {
      const names = await disk.readdir(path);
      return this.on && this.hidden ? names.filter((name) => !this.hidden!.test(name)) : names;
    },
    open: async (path, flags, mode) => {
      const file = await disk.open(path, flags, mode);
      if (!this.on || !this.halved?.test(String(path))) return file;
      const half = Math.floor((await file.stat()).size / 2);
      return {
        stat: () => file.stat(),
        write: (chunks, position) => file.write(chunks, position),
        truncate: (size) => file.truncate(size),
        sync: () => file.sync(),
        close: () => file.close(),
        read: async (buffer, position) => {
          const room = Math.max(0, half - position);
          return room === 0 ? 0 : file.read(buffer.subarray(0, Math.min(room, buffer.length)), position);
        },
      };
    },
  };
}

interface Row {
  readonly says: string;
  readonly faults?: readonly Fault[];
  readonly exit: number;
  readonly hidden?: RegExp;
  readonly halved?: RegExp;
  readonly options?: Partial<ServerOptions>;
  readonly changes?: Partial<JobSettings>;
  readonly replyTimeout?: number;
  readonly before?: Drawing;
  readonly after?: Drawing;
  readonly also?: (outcome: Outcome) => void;
}

const keptAll = ({ destination }: Outcome) => {
  for (const path of Object.keys(OLD)) expect(destination).toHaveProperty([path]);
};

const ROWS: readonly Row[] = [
  ...(['421 Later', '425 No data connection', '426 Broken', '450 Busy', '451 Error'] as const).map(
    (does): Row => ({ says: `RETR answered ${does}, once`, faults: [{ on: /^RETR .*c\.txt/, does }], exit: 0 }),
  ),
  ...(['RETR', 'MLST', 'MLSD', 'CWD'] as const).flatMap((verb): Row[] => [
    {
      says: `the reply to ${verb} is lost, and the connection`,
      faults: [{ on: new RegExp(`^${verb}`), does: 'lose the reply' }],
      exit: 0,
    },
    { says: `${verb} answered 450, once`, faults: [{ on: new RegExp(`^${verb}`), does: '450 Busy' }], exit: 0 },
    { says: `the connection is lost at ${verb}`, faults: [{ on: new RegExp(`^${verb}`), does: 'close' }], exit: 0 },
  ]),
  {
    says: 'the 226 of RETR never comes',
    faults: [{ on: /^RETR .*big/, does: 'say nothing' }],
    replyTimeout: 700,
    exit: 0,
  },
  {
    says: 'the connection is lost when a big file is all but checked: it is not fetched again',
    faults: [{ on: /^MLST .*big/, does: 'close' }],
    exit: 0,
    also: ({ under }) => expect(under.summary.bytesReceived).toBeLessThan(4 * 1024 * 1024),
  },
  { says: 'RETR answered 550 for ever', faults: [{ on: /^RETR .*c\.txt/, does: '550 No', times: EVER }], exit: 3 },
  { says: 'RETR answered 450 for ever', faults: [{ on: /^RETR .*c\.txt/, does: '450 No', times: EVER }], exit: 3 },
  { says: 'a download cut in half, followed by 226', halved: /c\.txt$/, exit: 3 },
  { says: 'a big download cut in half, followed by 226', halved: /big\.bin$/, exit: 3 },
  {
    says: 'going on is refused: it starts again',
    faults: [
      { on: /^RETR .*big/, does: 'lose the reply' },
      { on: /^REST/, does: '502 Not here', times: EVER },
    ],
    exit: 0,
  },
  { says: 'an empty listing, followed by 226', hidden: /./, exit: 4, also: keptAll },
  {
    says: 'a listing that leaves out one name, followed by 226',
    hidden: /^e\.txt$/,
    exit: 3,
    also: ({ destination }) => expect(destination).toHaveProperty(['e.txt']),
  },
  {
    says: 'a listing is refused: what may be in it is kept, the rest comes',
    faults: [{ on: /^(CWD|MLSD|LIST).*\/site\/b/, does: '550 Permission denied', times: EVER }],
    exit: 4,
    also: ({ destination, under }) => {
      expect(destination).toMatchObject({ 'b/gone.txt': 'will go', 'a.txt': 'a, which is new' });
      expect(under.summary.message).toMatch(/not deleted.*\bb\b.*Permission denied/s);
    },
  },
  {
    says: 'a listing is refused, and nothing was to be deleted',
    faults: [{ on: /^(CWD|MLSD|LIST).*\/site\/b/, does: '550 Permission denied', times: EVER }],
    changes: { delete: 'none' },
    after: { ...OLD, ...NEW },
    exit: 3,
  },
  {
    says: 'the server cannot be asked once more before a local file is deleted',
    faults: [{ on: /^MLST .*gone/, does: '450 Busy', times: EVER }],
    exit: 3,
    also: ({ destination }) => expect(destination).toHaveProperty(['b/gone.txt']),
  },
  {
    says: 'the server cannot be asked at once before a local file is deleted',
    faults: [{ on: /^MLST .*gone/, does: '450 Busy' }],
    exit: 0,
  },
  {
    says: 'a directory became a file, and the connection is lost on the way',
    faults: [{ on: /^RETR .*\/b$/, does: 'lose the reply' }],
    before: OLD,
    after: { 'a.txt': 'a, old', b: 'a file by now', 'e.txt': 'e' },
    exit: 0,
  },
  {
    says: 'one connection only',
    options: { maxConnections: 1 },
    faults: [{ on: /^RETR .*c\.txt/, does: '426 Broken' }],
    exit: 0,
  },
  {
    says: 'no MLSD: an edit that keeps the size is seen, though it comes within the minute of the first download',
    options: { withoutFeatures: ['MLST'] },
    exit: 0,
    also: ({ destination }) => expect(destination).toMatchObject({ 'b/c.txt': 'c, new' }),
  },
  {
    says: 'neither MLSD nor MDTM nor SIZE nor REST',
    options: { withoutFeatures: ['MLST', 'SIZE', 'MDTM', 'REST', 'REST STREAM'] },
    faults: [{ on: /^RETR .*big/, does: 'lose the reply' }],
    // All that such a server tells of a change within a minute is another size.
    after: { ...NEW, 'b/c.txt': 'c, longer' },
    exit: 0,
  },
];

describe('a pull', () => {
  test.concurrent.each(ROWS)('$says', { timeout: 240_000 }, async (row) => {
    const lying = new LyingDisk();
    lying.hidden = row.hidden;
    lying.halved = row.halved;
    const server = await scriptedServer({ ...row.options, fileSystem: lying.fileSystem });
    try {
      const { faults = [], changes = {}, replyTimeout = 20_000, before = OLD, after = NEW } = row;
      const settings = { ...changes, server: serverSettings(server, { replyTimeout }) };
      const onFault = (on: boolean) => {
        lying.on = on;
      };
      const outcome = await undergo({ server, direction: 'pull', faults, changes: settings, before, after, onFault });
      const { summary, problems } = outcome.under;
      expect(summary.exitCode, `${summary.message}\n${problems.join('\n')}`).toBe(row.exit);
      row.also?.(outcome);
    } finally {
      await server.stop();
    }
  });
});
