// What a server tells those who listen: each event is one plain object, ready for an access log.

/** Who it happened to. */
export interface About {
  /** ISO, UTC. */
  readonly time: string;
  /** Counts the sessions of one server from 1. */
  readonly session: number;
  readonly address: string;
  /** Undefined before login. */
  readonly user: string | undefined;
  /** Whether the control connection is encrypted. */
  readonly secure: boolean;
}

/** A path as the client sees it. */
export interface AboutPath extends About {
  readonly path: string;
  /** The same on the server's disk. */
  readonly file: string;
}

export interface AboutTransfer extends AboutPath {
  /** Moved by this transfer. */
  readonly bytes: number;
  /** The offset that it began at. */
  readonly resumedFrom: number;
  /** From 150 to the end, ms. */
  readonly milliseconds: number;
}

export interface AboutCommand extends About {
  /** `?` where it is no word. */
  readonly verb: string;
  /** `***` for PASS, ACCT, and for what this server does not know. */
  readonly argument: string;
  /** The last reply's code; 0 when the connection ended first. */
  readonly code: number;
  /** Until that reply, ms. */
  readonly milliseconds: number;
}

/** What a server tells, by the name to listen for. */
export interface ServerEvents {
  connect: [About];
  disconnect: [About & { readonly bytesReceived: number; readonly bytesSent: number }];
  login: [About];
  loginFailed: [About & { readonly name: string }];
  logout: [About];
  command: [AboutCommand];
  /** An upload is complete under its final name, and answered 226. */
  stored: [AboutTransfer];
  /** A download is complete, and answered 226. */
  sent: [AboutTransfer];
  incompleteStored: [AboutTransfer & { readonly reason: string }];
  incompleteSent: [AboutTransfer & { readonly reason: string }];
  deleted: [AboutPath];
  renamed: [AboutPath & { readonly from: string }];
  folderMade: [AboutPath];
  folderRemoved: [AboutPath];
  modeChanged: [AboutPath & { readonly mode: number }];
  timeChanged: [AboutPath & { readonly mtime: string }];
  /** Something failed that is no client's business: a bug, a listener that broke. */
  problem: [{ readonly time: string; readonly message: string; readonly cause: unknown }];
}
