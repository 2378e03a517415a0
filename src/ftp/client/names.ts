/** What an FTP client does with folders and files by their names: look, make, rename, remove. */
import { folderOf } from '../login.ts';
import { Conversation, unexpected } from './conversation.ts';
import { listing, type MlsdEntry, mlsdEntry } from './listing.ts';
import { type FtpReply, toText } from './reply.ts';

export class Names extends Conversation {
  /** The current folder (PWD; RFC 959, 4.1.3). */
  async pwd(): Promise<string> {
    const reply = await this.line.order('PWD');
    const folder = folderOf(reply);
    if (folder === undefined) throw unexpected('PWD', toText(this.line.site, reply));
    return this.line.site.codec.decode(folder);
  }

  /** Enters a folder; `..` by CDUP where the server has it. */
  async cwd(folder: string): Promise<FtpReply> {
    if (folder === '..') {
      const { site } = this.line;
      const reply = await this.line.ask('CDUP');
      if (reply.ok) return toText(site, reply);
      if (reply.code < 500 || reply.code > 504 || reply.code === 503) throw site.refused('CDUP', reply);
    }
    return this.voidCommand(`CWD ${folder === '' ? '.' : folder}`);
  }

  /** Makes a folder and resolves with its path as the server tells it, else as it was given (RFC 959, appendix II). */
  async mkd(folder: string): Promise<string> {
    const reply = await this.line.order(`MKD ${folder}`);
    if (!reply.ok) throw unexpected(`MKD ${folder}`, toText(this.line.site, reply));
    const made = folderOf(reply);
    return made === undefined ? folder : this.line.site.codec.decode(made);
  }

  /** Removes an empty folder. */
  rmd(folder: string): Promise<FtpReply> {
    return this.voidCommand(`RMD ${folder}`);
  }

  /** Removes a file. */
  delete(path: string): Promise<FtpReply> {
    return this.voidCommand(`DELE ${path}`);
  }

  /** RNFR and RNTO in one flight. Whether a file of the new name is replaced depends on the server. */
  async rename(from: string, to: string): Promise<FtpReply> {
    const line = this.line;
    const [source, target] = [line.wire(`RNFR ${from}`), line.wire(`RNTO ${to}`)];
    const [first, second] = await Promise.all([line.session.send(source), line.session.send(target)]);
    if (first.code >= 400) throw line.site.refused(source, first);
    if (first.code !== 350) throw unexpected(`RNFR ${from}`, toText(line.site, first));
    if (!second.ok) throw line.site.refused(target, second);
    return toText(line.site, second);
  }

  /** Size of a file in bytes (SIZE; RFC 3659, 4), in binary type, which is set before where needed. */
  async size(path: string): Promise<number> {
    const line = this.line;
    const wire = line.wire(`SIZE ${path}`);
    const reply = await line.section(async (send) => {
      await line.setType(send, 'I');
      return send(wire);
    });
    if (reply.code >= 400) throw line.site.refused(wire, reply);
    const digits = /^\d{1,15}$/.exec(reply.text)?.[0];
    if (reply.code !== 213 || digits === undefined) throw unexpected(`SIZE ${path}`, toText(line.site, reply));
    return Number(digits);
  }

  /** Names in a folder, or what the server makes of the argument (NLST; RFC 959, 4.1.3). Some list `.` and `..` too. */
  nlst(argument = ''): Promise<string[]> {
    return listing(this.line, this.mover, withArgument('NLST', argument));
  }

  /** The lines of LIST: for people, every server has its own form. */
  dir(argument = ''): Promise<string[]> {
    return listing(this.line, this.mover, withArgument('LIST', argument));
  }

  /**
   * Entries of a folder with facts (MLSD; RFC 3659, 7), `.` and `..` (`cdir`, `pdir`) among them where the server lists
   * them. `facts` chooses which facts are told from now on (OPTS MLST), and others are left out where the server tells
   * them all the same; empty leaves the choice as it is.
   */
  async mlsd(folder = '', facts: readonly string[] = []): Promise<MlsdEntry[]> {
    const choice = facts.length > 0 ? this.voidCommand(`OPTS MLST ${facts.join(';')};`) : undefined;
    choice?.catch(() => {});
    const lines = listing(this.line, this.mover, withArgument('MLSD', folder));
    lines.catch(() => {});
    await choice;
    const wanted = facts.length > 0 ? new Set(facts.map((fact) => fact.toLowerCase())) : undefined;
    return (await lines).filter((line) => line !== '').map((line) => mlsdEntry(line, wanted));
  }
}

function withArgument(verb: string, argument: string): string {
  return argument === '' ? verb : `${verb} ${argument}`;
}
