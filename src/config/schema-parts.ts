/** The kinds of values that several keys of the configuration take. */
import { z } from 'zod';
import { AMOUNT, AN_AMOUNT, SOME, SOME_BYTES } from './bytes.ts';
import { A_DURATION, A_LASTING_DURATION, DURATION, LASTING } from './duration.ts';

export const text = z.string().min(1, { error: 'text that is not empty' });
/** A number that may also be written as text with a unit. */
export const measure = (number: z.ZodNumber, format: RegExp, error: string) =>
  z.union([number.nonnegative({ error }), z.string().regex(format, { error })], { error });
export const duration = measure(z.number(), DURATION, A_DURATION);
export const amount = measure(z.int(), AMOUNT, AN_AMOUNT);
/** The same, but not 0. */
export const lasting = measure(z.number().positive({ error: A_LASTING_DURATION }), LASTING, A_LASTING_DURATION);
export const some = measure(z.int().positive({ error: SOME_BYTES }), SOME, SOME_BYTES);
export const count = (least: number, most: number) => {
  const error = `a whole number from ${least} to ${most}`;
  return z.number({ error }).int({ error }).min(least, { error }).max(most, { error });
};
export const patterns = z.array(text);
export const octal = z.string().regex(/^0?[0-7]{3,4}$/, { error: 'permission bits in octal, such as "644"' });

/** Turns what a reader of the value throws into a problem of that key. */
export function readable<T>(read: (value: T) => unknown): (value: T, context: z.RefinementCtx) => void {
  return (value, context) => {
    try {
      read(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    }
  };
}

export const portRange = z
  .string()
  .regex(/^\d{1,5}-\d{1,5}$/, { error: 'two ports, such as "50000-50100"', abort: true })
  .superRefine(readable(parsePortRange));

/** First and last port of `50000-50100`. Throws a RangeError. */
export function parsePortRange(written: string): readonly [first: number, last: number] {
  const [first = 0, last = 0] = /^\d{1,5}-\d{1,5}$/.test(written) ? written.split('-').map(Number) : [];
  if (first < 1 || last > 65_535 || first > last)
    throw new RangeError(`${written} is no range of ports within 1-65535`);
  return [first, last];
}

const passwordSource = z
  .strictObject({
    env: text.describe('Name of the environment variable that holds the password.').optional(),
    file: text.describe('File that holds the password; a line break at its end is cut.').optional(),
    command: z
      .array(text)
      .min(1, { error: 'a program and its arguments' })
      .describe('Program and arguments, run without a shell; its output is the password.')
      .optional(),
  })
  .meta({ minProperties: 1, maxProperties: 1 })
  .refine((source) => Object.keys(source).length === 1, { error: 'give exactly one of env, file, command' });

export const password = z
  .union([text, passwordSource], { error: 'text, or an object with env, file or command' })
  .describe(
    'The password: { "env": NAME }, { "file": PATH }, { "command": [PROGRAM, ...] }, or the text itself, which is refused when others can read this file. Default: FERRY_PASSWORD, then ~/.netrc, then a question on a terminal.',
  );

export type PasswordText = z.infer<typeof password>;
