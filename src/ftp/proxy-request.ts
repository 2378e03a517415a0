/** What a proxy is asked for, and how it says no. */

/** Where a tunnel is to lead. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface ProxyLogin {
  readonly user: string;
  readonly password: string;
}

export class ProxyRefusal extends Error {
  /** What is at fault: the login to the proxy, the way from it to the target, or what was taken for a proxy. */
  readonly about: 'login' | 'target' | 'proxy';
  /** Whether the same request may be granted a moment later. */
  readonly passing: boolean;

  constructor(about: ProxyRefusal['about'], message: string, passing = false) {
    super(message);
    this.about = about;
    this.passing = passing;
  }
}
