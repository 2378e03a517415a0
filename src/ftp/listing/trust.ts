/**
 * What the end of a listing says about its being whole. Servers cut listings short and confirm them with 226 all the
 * same; some of them say so in the text of that reply.
 * LIMIT: Pure-FTPd leaves out names with control characters, and in LIST devices and sockets; it does not count them.
 */
import { printable } from '../../model/index.ts';

export interface EndOfListing {
  /** Whether the data connection ended cleanly: over TLS, with close_notify. */
  readonly clean: boolean;
  /** Code of the final reply; 0 if there was none. */
  readonly code: number;
  /** Text of the final reply, all its lines, with or without their codes. */
  readonly text: string;
}

/** Why the listing may lack entries, in plain words; undefined if its end gives no reason to think so. */
export function doubtAbout(end: EndOfListing, printed: number): string | undefined {
  if (end.code === 0) return 'the server never confirmed the end of the listing';
  if (end.code !== 226 && end.code !== 250)
    return `the server ended the listing with ${quoted(`${end.code} ${end.text}`)}`;
  if (!end.clean) return 'the data connection of the listing was cut off';
  for (const line of end.text.split('\n')) {
    if (speaksOfLack(line)) return `the server said ${quoted(line)}`;
  }
  const counted = countIn(end.text);
  if (counted !== undefined && counted !== printed) {
    return `the server counted ${counted} entries and printed ${printed}`;
  }
  return undefined;
}

/** Lack, where a phrase alone tells. */
const LACK = [
  /\btruncat/,
  /\bpartial/,
  /\bincomplete/,
  /\b(?:abort|interrupt)ed\b/,
  /\btoo (?:many|large|long|big|deep)\b/,
  /\bnot (?:all|shown|listed|displayed)\b|\bomitted\b/,
  /\bonly (?:(?:the )?(?:first|last)\b|\d+ (?:of|entries|files|matches|items|lines|names|results)\b)/,
  // Pure-FTPd and vsftpd confirm a directory that they could not read with 226.
  /\b(?:can ?not|can't|could ?n[o']t|could not|unable to|fail(?:ed|ure)? to) (?:open|read|list|access|stat|change|enter|find|get)\b/,
  /\b(?:permission|access) (?:is )?denied\b/,
  /\b(?:read|i\/o|input\/output|disk) error\b/,
  /\bout of memory\b|\bnot enough memory\b/,
  /\bno such (?:file|directory)\b/,
  /\btimed out\b|\btime-?out\b/,
];

/** Words for a bound, which matter where the line speaks of what a listing is made of. */
const BOUND = /\b(?:limit(?:ed|s)?|maximum|max|exceed(?:s|ed)?)\b/;
const LISTED =
  /\b(?:list(?:ing|ings|ed)?|entr(?:y|ies)|files?|folders|director(?:y|ies)|match(?:es)?|results?|lines?|items?|names?|output|objects|records)\b/;
/** Bounds that many servers print in every reply, on what is stored or how fast it travels. */
const OTHER_BOUND =
  /\b(?:quota|disk|ratio|credits?|speed|rate|bandwidth|[kmgt]?i?b(?:ytes)?(?:\/s(?:ec)?)?|k(?:ilo)?bytes|upload|download|time)\b/;

function speaksOfLack(line: string): boolean {
  const text = line
    .toLowerCase()
    // Paths and quoted names are nobody's words.
    .replace(/"[^"]*"|(?<![^\s('[])\/\S*/g, ' ')
    .replace(/\b(?:no|not|0|without(?: any)?) (?:truncat\w*|errors?|limits?|failures?)\b/g, ' ');
  if (LACK.some((phrase) => phrase.test(text))) return true;
  return BOUND.test(text) && LISTED.test(text) && !OTHER_BOUND.test(text);
}

/** Pure-FTPd's count of the lines it printed, `.` and `..` among them. Other counts may count anything. */
function countIn(text: string): number | undefined {
  const match = /(?:^|\s)(\d{1,15}) match(?:es)? total\b/i.exec(text);
  return match ? Number(match[1]) : undefined;
}

function quoted(text: string): string {
  const line = printable(text.trim().replace(/\s*\n\s*/g, ' / '));
  return `'${line.length > 200 ? `${line.slice(0, 200)}…` : line}'`;
}
