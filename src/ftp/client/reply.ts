/** A reply of the server as the library hands it out: text instead of bytes (RFC 959, 4.2). */
import type { Reply } from '../reply.ts';
import type { Site } from '../site.ts';

/** What a server answered to a command (RFC 959, 4.2). */
export interface FtpReply {
  /** Three digits: 1xx begins, 2xx done, 3xx more is needed, 4xx not now, 5xx no. */
  readonly code: number;
  /** The lines as they came, without line ends; the first and the last with the code. */
  readonly lines: readonly string[];
  /** What the lines say, without the code, in one line. */
  readonly text: string;
}

export function toText(site: Site, reply: Reply): FtpReply {
  return Object.freeze({
    code: reply.code,
    lines: Object.freeze(reply.lines.map((line) => site.text(line))),
    text: site.text(reply.text),
  });
}
