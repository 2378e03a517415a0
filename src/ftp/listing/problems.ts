/** The Problems of one listing: each line and name that could not be used, as long as there are not too many to read. */
import { type Problem, printable, type RelPath } from '../../model/index.ts';

/** Lines that are quoted one by one; a listing that is garbage throughout needs no more. */
const QUOTED_LINES = 20;
/** Names that are quoted one by one. Each is a file that cannot be carried, so people want to see them. */
const QUOTED_NAMES = 200;
const QUOTED_LENGTH = 120;

export class ListingProblems {
  /** Lines that were not understood. */
  unparsed = 0;
  readonly #directory: RelPath;
  readonly #problems: Problem[] = [];
  #names = 0;

  constructor(directory: RelPath) {
    this.#directory = directory;
  }

  line(text: string): void {
    this.unparsed += 1;
    if (this.unparsed <= QUOTED_LINES)
      this.#add('unparsed', `a line of its listing was not understood: ${quote(text)}`);
  }

  name(message: string): void {
    this.#names += 1;
    if (this.#names <= QUOTED_NAMES) this.#add('name', message);
  }

  all(): readonly Problem[] {
    const lines = this.unparsed - QUOTED_LINES;
    if (lines > 0) this.#add('unparsed', `and ${lines} more lines of its listing were not understood`);
    const names = this.#names - QUOTED_NAMES;
    if (names > 0) this.#add('name', `and ${names} more names in it cannot be used`);
    return this.#problems;
  }

  #add(code: Problem['code'], message: string): void {
    this.#problems.push({ path: this.#directory, side: 'remote', code, message });
  }
}

/** What a server sent, as it may be shown to a person, cut where it gets too long to read. */
export function quote(text: string): string {
  return `'${printable(text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text)}'`;
}
