/** Every secret this process has learnt, so that whoever writes something out can take them out of it. */
import { printable } from '../model/index.ts';

const SHORT = 4;
const HIDDEN = '***';

export class SecretsMask {
  readonly #forms = new Set<string>();
  #pattern: RegExp | undefined;

  /** Learns a secret, in the spellings in which it may turn up: as it is, in a URL, in JSON, escaped for a terminal. */
  add(secret: string): void {
    if (secret === '') return;
    // A lone surrogate cannot be written in a URL; Buffer turns it into the replacement character.
    const writable = Buffer.from(secret).toString();
    const inUrl = [encodeURIComponent(writable), encodeURI(writable)];
    for (const form of [secret, JSON.stringify(secret).slice(1, -1), printable(secret), ...inUrl])
      this.#forms.add(form);
    this.#pattern = undefined;
  }

  /** The text with every known secret replaced by `***`. */
  readonly mask = (text: string): string => {
    if (this.#forms.size === 0) return text;
    this.#pattern ??= patternOf(this.#forms);
    return text.replace(this.#pattern, HIDDEN);
  };
}

// Longest first, so that a secret which begins with another one goes as a whole. A very short secret is taken out only
// where it stands alone: as part of every other word it would leave nothing readable.
function patternOf(forms: ReadonlySet<string>): RegExp {
  const alternatives = [...forms]
    .sort((a, b) => b.length - a.length)
    .map((form) => {
      const literal = form.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
      return form.length < SHORT ? `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])` : literal;
    });
  return new RegExp(alternatives.join('|'), 'gu');
}

const ofThisProcess = new SecretsMask();

/** The mask of this process: passwords are added to it the moment they are known. */
export function secretsMask(): SecretsMask {
  return ofThisProcess;
}
