/** Colour where a terminal shows it and nobody asked for none. */
import type { ColorChoice, Output } from './reporter.ts';

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

export type Paint = Readonly<Record<keyof typeof CODES, (text: string) => string>>;

/** Whether to colour: `auto` does so on a terminal, unless NO_COLOR is set or TERM is dumb. */
export function wantsColor(
  choice: ColorChoice,
  stream: Output,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (choice !== 'auto') return choice === 'always';
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

/** Functions that colour a text, or hand it back as it is. */
export function paint(colored: boolean): Paint {
  const painter = (style: keyof typeof CODES) => (text: string) => {
    const [on, off] = CODES[style];
    return colored ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  };
  return {
    bold: painter('bold'),
    dim: painter('dim'),
    red: painter('red'),
    green: painter('green'),
    yellow: painter('yellow'),
  };
}
