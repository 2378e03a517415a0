/** Tells the story of the demo, and keeps count of what was claimed and what held. */
import { paint, wantsColor } from '../../report/index.ts';
import type { DataOutput } from '../output.ts';

const WIDTH = 78;

export class Narrator {
  private readonly output: DataOutput;
  private readonly paint = paint(wantsColor('auto', process.stdout, process.env));
  private held = 0;
  private readonly broken: string[] = [];

  constructor(output: DataOutput) {
    this.output = output;
  }

  chapter(title: string): void {
    this.output.line('');
    this.output.line(this.paint.bold(title));
  }

  say(paragraph: string): void {
    for (const line of wrapped(paragraph, WIDTH - 2)) this.output.line(`  ${line}`);
  }

  /** The command that one would type for what comes next. */
  command(text: string): void {
    const [first = '', ...rest] = wrapped(text, WIDTH - 8);
    this.output.line(`    ${this.paint.dim('$')} ${first}${rest.length > 0 ? ' \\' : ''}`);
    for (const line of rest) this.output.line(`        ${line}`);
  }

  /** A line that Ferry itself said. */
  quote(text: string): void {
    for (const said of text.split('\n')) {
      for (const line of wrapped(said, WIDTH - 4)) this.output.line(`    ${this.paint.dim(line)}`);
    }
  }

  /** Something that is either true or breaks the demo. */
  claim(holds: boolean, what: string): void {
    const { green, red } = this.paint;
    if (holds) this.held++;
    else this.broken.push(what);
    const [first = '', ...rest] = wrapped(what, WIDTH - 4);
    this.output.line(`  ${holds ? green('✓') : red('✗')} ${first}`);
    for (const line of rest) this.output.line(`    ${line}`);
  }

  /** Whether all that was claimed held, said in a line. */
  conclude(): boolean {
    this.output.line('');
    if (this.broken.length === 0) {
      this.output.line(this.paint.green(`All ${this.held} claims held.`));
      return true;
    }
    this.output.line(this.paint.red(`${this.broken.length} of ${this.held + this.broken.length} claims did not hold.`));
    this.output.line('This is a bug: please report it together with what stands above.');
    return false;
  }
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
