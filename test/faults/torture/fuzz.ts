/**
 * Whatever a server, a file or a damaged state may say: no parser crashes, none takes long, and no name leaves one that
 * could lead out of its directory. What is fed is made of what servers really say, bent, cut, repeated and spliced.
 */
import { parseConfig } from '../../../src/config/load.ts';
import { netrcLogin } from '../../../src/config/netrc.ts';
import { parseRemoteUrl } from '../../../src/config/url.ts';
import { nameCodec } from '../../../src/ftp/encoding.ts';
import { listParser, mlsdParser } from '../../../src/ftp/listing/parser.ts';
import { passivePort } from '../../../src/ftp/passive.ts';
import { type Reply, ReplyReader } from '../../../src/ftp/reply.ts';
import { FerryError, type Listing, nameOf, parentOf, type RelPath, segmentFault } from '../../../src/model/index.ts';
import { decode, decodeAgreement, encode, encodeAgreement } from '../../../src/state/records.ts';
import { chance, count, type Harness, type HarnessOptions, type Outcome, pick, type Violation } from './harness.ts';

const LISTINGS = [
  'type=file;size=12;modify=20260101120000;perm=adfrw;unique=801U2; a.txt\r\n',
  'type=dir;modify=20260101120000.123;UNIX.mode=0755; sub\r\ntype=cdir;modify=19700101000000; .\r\ntype=pdir; ..\r\n',
  'Type=OS.unix=slink:/etc/passwd;Size=; link\r\n',
  'total 12\r\n-rw-r--r--   1 ftp  ftp   12 Jan  1 12:00 a.txt\r\ndrwxr-xr-x 2 0 0 4096 Feb 29  2024 sub\r\n',
  'lrwxrwxrwx 1 0 0 7 Mar  3 03:03 link -> ../../etc\r\n',
  '-rw-r--r-- 1 user "domain users" 18446744073709551616 2026-01-01 10:00:00.000000000 +0100 a b  c\r\n',
  '01-01-26  12:00PM       <DIR>          sub\r\n12-31-2025  01:02AM                12 a.txt\r\n',
  '+i8388621.29609,m824255902,/,\tdev\r\n+i8388621.44468,m839956783,r,s10376,\tRFCEPLF\r\n',
  '      A.TXT;1   12/12  1-JAN-2026 12:00  [SYSTEM]  (RWED,RWED,RE,)\r\n',
  'd [R----F--] supervisor            512       Jan 16 18:53    login\r\n',
] as const;
const REPLIES = [
  '220 ready\r\n',
  '230-Welcome\r\n 230 not yet\r\n230 in\r\n',
  '227 Entering Passive Mode (127,0,0,1,200,13).\r\n',
  '227 =127,0,0,1,255,255\r\n',
  '229 Entering Extended Passive Mode (|||65535|)\r\n',
  '211-Features:\r\n MLST type*;size*;\r\n UTF8\r\n211 End\r\n',
  '226-Options: -a -l \r\n226 2000 matches total\r\n',
  '257 "/a ""b"" c" is current\r\n',
  '421 bye\r\n',
] as const;
const CONFIGS = [
  '{ "servers": { "web": { "url": "ftpes://u@h/x", "password": { "env": "P" }, "connections": 6 } }, "jobs": { "site": { "direction": "push", "local": "public", "server": "web", "remote": "/htdocs", "exclude": ["*.map"], "delete": "tracked" } } }',
  '{ "jobs": { "__proto__": { "direction": "pull" }, "constructor": {} }, "servers": { "toString": { "url": "ftp://x" } } }',
  '{ "servers": {}, "jobs": { "a": { "maxDelete": "10%", "limitRate": "2M", "retries": 1e99 } } }',
] as const;
const NETRC = [
  'machine h login u password p\n',
  'default login anonymous password "a b" macdef init\nx\n\n',
  '# no\nmachine\n',
] as const;
const URLS = [
  'ftp://u:p@host:21/a%20b',
  'ftp://\xc3\xa9\xec\x84\x9c\xeb\xa6\xac.example',
  'ftpes://[::1]:990/~/x',
  'ftps://h/%2e%2e/%00',
  'ftp://',
] as const;

/** Strings that have broken parsers before. */
const POISON = [
  '\0',
  '\r',
  '\n',
  '\r\n',
  '\x1b[2J',
  '\xff\xf4',
  '\xc3',
  '\xed\xa0\x80',
  '\xe2\x80\xae',
  '..',
  '../',
  '/etc/passwd',
  '\\',
  '.',
  ';',
  ' ',
  '   ',
  '\t',
  '|',
  '(',
  '"',
  '%',
  '{',
  '[',
  ',',
  '->',
  ' -> ',
  '-1',
  '99999999999999999999',
  '1e309',
  'NaN',
  '__proto__',
  'type=',
  'size=',
  'modify=99999999999999',
  '<DIR>',
  'CON',
  'a'.repeat(300),
  'a '.repeat(200),
  '0'.repeat(400),
] as const;

/** One that is bent out of those that are sound; at most `longest` characters, each one byte. */
function bend(random: () => number, sound: readonly string[], longest: number): string {
  let text = '';
  for (let parts = 1 + Math.floor(random() * 4); parts > 0; parts--) text += pick(random, sound);
  for (let changes = Math.floor(random() * 6); changes > 0; changes--) {
    const at = Math.floor(random() * (text.length + 1));
    const to = at + Math.floor(random() * 12);
    const piece = text.slice(at, to);
    switch (Math.floor(random() * 6)) {
      case 0:
        text = text.slice(0, at) + pick(random, POISON) + text.slice(at);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(to);
        break;
      case 2:
        text = text.slice(0, at) + String.fromCharCode(Math.floor(random() * 256)) + text.slice(at + 1);
        break;
      case 3:
        text = text.slice(0, at);
        break;
      case 4:
        // What is quadratic shows on what is long.
        text = text.slice(0, at) + piece.repeat(1 + Math.floor(random() * 400)) + text.slice(at);
        break;
      default:
        text = text.slice(0, at) + pick(random, sound) + text.slice(at);
    }
  }
  if (random() < 0.03) {
    // All of it again and again, or a bit of it: what is quadratic shows on many of the same that never come to an end.
    const at = random() < 0.5 ? 0 : Math.floor(random() * text.length);
    const again = at === 0 ? text : text.slice(at, at + 1 + Math.floor(random() * 16));
    text = again.repeat(Math.ceil(longest / Math.max(1, again.length)));
  }
  return text.slice(0, longest);
}

const NOW = new Date('2026-11-20T12:00:00Z');
const DIRECTORY = 'some/place' as RelPath;
const AGREED = encodeAgreement('b\0a', {
  path: 'a' as RelPath,
  kind: 'file',
  local: { size: 1, stamps: { stat: '1:1' } },
  remote: { size: 1, stamps: { mlst: '1' } },
});

/** What may be thrown: a failure that says what it is. */
const isTold = (error: unknown) => error instanceof FerryError;

interface Parser {
  readonly name: string;
  readonly sound: readonly string[];
  /** Throws what it must not; returns a name that is not safe, if there is one. */
  feed(text: string, random: () => number): string | undefined;
}

const bytesOf = (text: string) => Buffer.from(text, 'latin1');

function listing(make: typeof mlsdParser): Parser['feed'] {
  return (text, random) => {
    const codec = nameCodec(random() < 0.8 ? 'utf8' : 'gbk');
    const parser = make({ directory: DIRECTORY, codec, now: NOW, offsetMinutes: random() < 0.5 ? 0 : null });
    const bytes = bytesOf(text);
    for (let at = 0; at < bytes.length; ) {
      const to = at + 1 + Math.floor(random() * bytes.length);
      parser.push(bytes.subarray(at, to));
      at = to;
    }
    return unsafeName(parser.finish({ clean: random() < 0.8, code: 226, text: 'Transfer complete.' }));
  };
}

function unsafeName({ entries }: Listing): string | undefined {
  const seen = new Set<string>();
  for (const { path, size, mtime } of entries) {
    const name = nameOf(path);
    if (parentOf(path) !== DIRECTORY || segmentFault(name) !== undefined) return path;
    if (seen.has(path)) return `${path} twice`;
    if (size !== null && !(Number.isSafeInteger(size) && size >= 0)) return `${path}, of ${size} bytes`;
    if (mtime !== null && !Number.isFinite(mtime)) return `${path}, of ${mtime}`;
    seen.add(path);
  }
  return undefined;
}

function repliesOf(text: string, random: () => number): Reply[] {
  const reader = new ReplyReader(() => {});
  const found: Reply[] = [];
  for (let at = 0; at < text.length; ) {
    const to = at + 1 + Math.floor(random() * 200);
    found.push(...reader.push(text.slice(at, to)));
    at = to;
  }
  return found;
}

function told(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    if (!isTold(error)) throw error;
  }
}

const PARSERS: readonly Parser[] = [
  { name: 'MLSD', sound: LISTINGS, feed: listing(mlsdParser) },
  { name: 'LIST', sound: LISTINGS, feed: listing(listParser) },
  {
    name: 'replies',
    sound: REPLIES,
    feed: (text, random) => {
      told(() => repliesOf(text, random));
      return undefined;
    },
  },
  {
    name: '227 and 229',
    sound: REPLIES,
    feed: (text, random) => {
      let unsafe: string | undefined;
      told(() => {
        // An EPSV has one answer; that thousands are refused one after the other is not the parser's time.
        for (const reply of repliesOf(text, random).slice(0, 20)) {
          for (const mode of ['EPSV', 'PASV'] as const) {
            told(() => {
              const port = passivePort(mode, reply);
              if (!Number.isInteger(port) || port < 1 || port > 65_535) unsafe = `port ${port}`;
            });
          }
        }
      });
      return unsafe;
    },
  },
  {
    name: 'configuration',
    sound: CONFIGS,
    feed: (text) => {
      told(() => parseConfig(text, 'sync.config.json'));
      return ({} as Record<string, unknown>).direction === undefined ? undefined : 'the prototype was reached';
    },
  },
  {
    name: 'netrc and URLs',
    sound: [...NETRC, ...URLS],
    feed: (text) => {
      // Both may be in any script, not only in bytes.
      for (const read of [text, bytesOf(text).toString('utf8')]) {
        netrcLogin(read, 'h');
        told(() => parseRemoteUrl(read));
      }
      return undefined;
    },
  },
  {
    name: 'state',
    sound: [AGREED, encode('k', { a: [1, 'x', null] }), 'deadbeef{}', ''],
    feed: (text) => {
      told(() => {
        const record = decodeAgreement('b\0a', text);
        // Whatever is let through was checked to be as it was written.
        if (encode('b\0a', JSON.parse(text.slice(8))) !== text) throw new TypeError(`${record.path} was believed`);
      });
      told(() => decode('k', text));
      return undefined;
    },
  },
];

const PIECE = 64 * 1024;
const SLOW = 100;

export const fuzz: Harness = {
  name: 'fuzz',
  async run({ short, seed, only, say }: HarnessOptions): Promise<Outcome> {
    const cases = short ? 700 : 50_000;
    const violations: Violation[] = [];
    let [slow, total] = [0, 0];
    for (const [index, { name, sound, feed }] of PARSERS.entries()) {
      if (only && !only.test(name)) continue;
      for (let n = 0; n < cases; n++) {
        const random = chance(seed + index * 1_000_003 + n);
        const text = bend(random, sound, PIECE);
        total++;
        const spent = processorTime();
        try {
          const unsafe = feed(text, random);
          if (unsafe !== undefined) violations.push({ wrong: 'escape', what: `${name}, case ${n}: ${unsafe}` });
        } catch (error) {
          const what = `${name}, case ${n} of seed ${seed}: ${(error as Error).stack}\n${JSON.stringify(text.slice(0, 300))}`;
          violations.push({ wrong: 'crash', what });
        }
        if (spent() > SLOW && isSlow(() => feed(text, chance(n)))) {
          slow++;
          violations.push({ wrong: 'hang', what: `${name}, case ${n} of seed ${seed}: ${text.length} bytes` });
        }
        if (n % 2000 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      say(`${name}: ${cases}`);
    }
    return {
      line:
        `${total.toLocaleString('en')} texts: ${count(violations, 'crash')} crashes, ${slow} over ${SLOW} ms per 64 KB, ` +
        `${count(violations, 'escape')} unsafe names`,
      violations,
    };
  },
};

/** What is slow is slow every time; once, it may have been the collector of garbage. */
function isSlow(feed: () => unknown): boolean {
  for (let again = 0; again < 3; again++) {
    const spent = processorTime();
    try {
      feed();
    } catch {}
    if (spent() <= SLOW) return false;
  }
  return true;
}

/** Measures ms that this process computed from now on: a machine that is busy with something else is no slow parser. */
function processorTime(): () => number {
  const since = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(since);
    return (user + system) / 1000;
  };
}
