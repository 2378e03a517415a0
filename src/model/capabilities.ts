/** What a server has shown it can do. Detected once a job and remembered; every power has a fallback. */

/** Content hashes a server can be asked for, strongest first. */
export type HashCommand =
  | { readonly verb: 'HASH'; readonly algorithm: HashAlgorithm }
  | { readonly verb: 'XSHA512' | 'XSHA256' | 'XSHA1' | 'XMD5' | 'XCRC'; readonly algorithm: HashAlgorithm };

export type HashAlgorithm = 'sha512' | 'sha256' | 'sha1' | 'md5' | 'crc32';

/** The verb that sets a file's modification time. */
export type SetTimeCommand = 'MFMT' | 'MFF' | 'MDTM' | 'SITE UTIME';

/** What a server has shown it can do. */
export interface Capabilities {
  /** The greeting and SYST, for people. */
  readonly software: string;
  /** The folder that a login starts in, absolute; null where the server did not say it in a way that can be read. */
  readonly home: string | null;
  /** The FEAT lines as sent, upper-cased verbs as keys. */
  readonly features: Readonly<Record<string, string>>;
  readonly mlsd: boolean;
  readonly mlst: boolean;
  readonly size: boolean;
  readonly mdtm: boolean;
  readonly setTime: SetTimeCommand | null;
  readonly restart: boolean;
  readonly append: boolean;
  readonly hash: HashCommand | null;
  readonly utf8: boolean;
  /** Whether RNTO replaces an existing file; null until it was seen. */
  readonly renameOver: boolean | null;
  /** Whether names beginning with a dot can be stored and are listed; null until it was seen. */
  readonly hiddenFiles: boolean | null;
  /** How far the server's LIST clock is ahead of UTC, in minutes; null while not measured. */
  readonly listOffsetMinutes: number | null;
  /** Whether commands may travel together. */
  readonly pipelining: boolean;
  /** What TLS protects, by this server's settings; null without TLS. After the login in the case of `controlProtected`. */
  readonly tls: {
    readonly protocol: string;
    readonly dataProtected: boolean;
    readonly controlProtected: boolean;
  } | null;
}
