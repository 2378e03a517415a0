/** The end of a verb that shows no summary: what broke it off, if anything did. */
import { secretsMask } from '../config/index.ts';
import { printable, type Summary } from '../model/index.ts';

export function sayReason({ message }: Summary): void {
  if (message === undefined) return;
  const lines = message.split('\n').map((line) => printable(line));
  process.stderr.write(secretsMask().mask(`ferry: ${lines.join('\n')}\n`));
}
