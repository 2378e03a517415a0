/**
 * What one server can do: read from FEAT (RFC 2389), corrected by what it is seen to do, shared by all connections to
 * it.
 */
import type { Capabilities, HashAlgorithm, HashCommand, SetTimeCommand } from '../model/capabilities.ts';
import type { Reply } from './reply.ts';

/** How data connections are opened; found out by the first transfer. */
export type DataMode = 'EPSV' | 'PASV' | 'active';

/** Servers known to answer out of order, or to drop what arrives while they are busy. */
const ONE_AT_A_TIME = /Microsoft FTP Service|MadGoat|MikroTik/i;

/** Whether this answer to TYPE I is in the words of vsftpd. */
export function isVsftpd(type: Reply): boolean {
  return /^200 Switching to Binary mode\.$/.test(type.message);
}

const HASH_NAMES: readonly (readonly [string, HashAlgorithm])[] = [
  ['SHA-256', 'sha256'],
  ['SHA-512', 'sha512'],
  ['SHA-1', 'sha1'],
  ['MD5', 'md5'],
  ['CRC32', 'crc32'],
];

const HASH_VERBS: readonly Exclude<HashCommand, { verb: 'HASH' }>[] = [
  { verb: 'XSHA256', algorithm: 'sha256' },
  { verb: 'XSHA512', algorithm: 'sha512' },
  { verb: 'XSHA1', algorithm: 'sha1' },
  { verb: 'XMD5', algorithm: 'md5' },
  { verb: 'XCRC', algorithm: 'crc32' },
];

/** The argument by which HASH is told its algorithm (draft-bryan-ftp-hash). */
export const hashName = (algorithm: HashAlgorithm): string => HASH_NAMES.find(([, one]) => one === algorithm)![0];

export class Knowledge {
  /** Greeting and SYST. */
  #greeting = '';
  #system = '';
  #features: Readonly<Record<string, string>> | undefined;
  readonly #missing = new Set<string>();
  /** The login folder as the server writes it, in latin1. */
  home: string | undefined;
  dataMode: DataMode | undefined;
  /** The form of LIST that shows most; undefined while not found out. */
  listCommand: 'LIST -a' | 'LIST' | undefined;
  /** How an interrupted upload goes on; undefined while not found out. */
  appendBy: 'REST' | 'APPE' | undefined;
  /** Whether the first verb of {@link setTime} was seen to work. */
  setTimeProven = false;
  #setTime: SetTimeCommand[] = ['MDTM', 'SITE UTIME'];
  hiddenFiles: boolean | null = null;
  listOffsetMinutes: number | null = null;
  renameOver: boolean | null = null;
  pipelining = true;
  /** Whether USER, PASS and the settings can be sent together; undefined while no login has shown how it goes. */
  loginAtOnce: boolean | undefined;
  #inTurn = false;
  /** Whether 0xFF in a command is Telnet's escape here, as RFC 959 has it. */
  telnet = true;
  /** Whether data connections end without close_notify as a rule, so that asking again is of no use. */
  endsAbruptly = false;
  tls: Capabilities['tls'] = null;

  /** Whether FEAT was answered; without it everything is tried. */
  get asked(): boolean {
    return this.#features !== undefined;
  }

  learnGreeting(reply: Reply): void {
    this.#greeting = reply.text;
    if (ONE_AT_A_TIME.test(reply.text)) this.pipelining = false;
  }

  /**
   * Whether what is sent during a transfer waits until that is through, and is answered then. It is vsftpd that is known
   * to; it is recognised by its words for TYPE I, which no setting changes, and believed for as long as it does.
   */
  get answersInTurn(): boolean {
    return this.#inTurn && this.pipelining;
  }

  set answersInTurn(so: boolean) {
    this.#inTurn = so;
  }

  learnType(reply: Reply): void {
    this.#inTurn = isVsftpd(reply);
  }

  learnSystem(reply: Reply): void {
    if (reply.ok) this.#system = reply.text;
  }

  learnFeatures(reply: Reply): void {
    const features: Record<string, string> = {};
    if (reply.ok && reply.lines.length > 1) {
      // The first and the last line are the frame (RFC 2389, 3.2).
      for (const line of reply.lines.slice(1, -1)) {
        const [verb = '', ...rest] = line.trim().split(' ');
        const key = verb.toUpperCase();
        features[key] = features[key] === undefined ? rest.join(' ') : `${features[key]}; ${rest.join(' ')}`;
      }
    }
    this.#features = features;
    if (!reply.ok) return;
    const verbs: SetTimeCommand[] = [];
    if ('MFMT' in features) verbs.push('MFMT');
    if ('MFF' in features) verbs.push('MFF');
    if ('MDTM' in features) verbs.push('MDTM');
    verbs.push('SITE UTIME');
    this.#setTime = verbs;
  }

  /** A verb was refused as unknown: it is not asked again. */
  lacks(verb: string): void {
    this.#missing.add(verb);
  }

  /** The verb to set times by; null when all were tried in vain. */
  get setTime(): SetTimeCommand | null {
    return this.#setTime[0] ?? null;
  }

  /** The verb to set times by has no effect: the next one, if any. */
  dropSetTime(verb: SetTimeCommand): void {
    this.#setTime = this.#setTime.filter((one) => one !== verb);
    this.setTimeProven = false;
  }

  has(verb: string): boolean {
    return this.#features !== undefined && verb in this.#features && !this.#missing.has(verb);
  }

  /** Whether a verb of RFC 959 or one older than FEAT is worth trying. */
  mayHave(verb: string): boolean {
    if (this.#missing.has(verb)) return false;
    return this.#features === undefined || Object.keys(this.#features).length === 0 || verb in this.#features;
  }

  /** MLSD and MLST come together, announced as MLST (RFC 3659, 7.8). */
  get mlsd(): boolean {
    return !this.#missing.has('MLSD') && (this.has('MLST') || this.has('MLSD'));
  }

  get mlst(): boolean {
    return this.has('MLST');
  }

  /** The facts of MLST that are worth having, as OPTS MLST takes them; undefined where they are on already. */
  get wantedFacts(): string | undefined {
    const facts = this.#features?.MLST;
    if (!facts) return undefined;
    const offered = facts.split(';').filter((fact) => fact.trim() !== '');
    const wanted = offered.filter((fact) => /^(type|size|modify|unix\.mode)\*?$/i.test(fact.trim()));
    if (wanted.every((fact) => fact.includes('*'))) return undefined;
    return wanted.map((fact) => `${fact.trim().replace('*', '')};`).join('');
  }

  get hash(): HashCommand | null {
    if (this.has('HASH')) {
      const offered = this.#features?.HASH ?? '';
      const found = HASH_NAMES.find(([name]) => offered.toUpperCase().includes(name));
      if (found) return { verb: 'HASH', algorithm: found[1] };
    }
    return HASH_VERBS.find(({ verb }) => this.has(verb)) ?? null;
  }

  /** Commands that may be unanswered at once. */
  get window(): number {
    return this.pipelining ? 128 : 1;
  }

  capabilities(text: (latin1: string) => string): Capabilities {
    return {
      home: this.home === undefined ? null : text(this.home),
      software: [this.#greeting, this.#system].filter((text) => text !== '').join(' / '),
      features: this.#features ?? {},
      mlsd: this.mlsd,
      mlst: this.mlst,
      size: this.mayHave('SIZE'),
      mdtm: this.mayHave('MDTM'),
      setTime: this.setTime,
      restart: this.mayHave('REST'),
      append: !this.#missing.has('APPE'),
      hash: this.hash,
      utf8: this.has('UTF8'),
      renameOver: this.renameOver,
      hiddenFiles: this.hiddenFiles,
      listOffsetMinutes: this.listOffsetMinutes,
      pipelining: this.pipelining,
      tls: this.tls,
    };
  }
}
