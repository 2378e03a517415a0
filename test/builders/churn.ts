/** A folder in which something always happens, in an order that a seed decides. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Numbers from 0 to 1 (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const FOLDERS = ['', 'a', 'a/deep', 'b', 'b/c/d', 'ü'];

const MOST_MADE = 40;

export class Churn {
  readonly #root: string;
  readonly #random: () => number;
  readonly #made: string[] = [];
  #count = 0;

  constructor(root: string, seed: number) {
    this.#root = root;
    this.#random = randomFrom(seed);
    for (const folder of FOLDERS) mkdirSync(join(root, folder), { recursive: true });
    for (let n = 0; n < 60; n++) this.#write(this.#newName());
  }

  /** One thing happens. */
  step(): void {
    this.#count++;
    const dice = this.#random();
    const file = this.#anyFile();
    if (dice < 0.4 && file) this.#write(file);
    else if (dice < 0.65 || !file) this.#write(this.#newName());
    else if (dice < 0.8) rmSync(join(this.#root, file));
    else if (dice < 0.9) this.#rename(file, this.#newName());
    else if (dice < 0.94) this.#renameFolder();
    // As builds do: everything in a folder goes, and it is there again at once.
    else if (dice < 0.97) this.#remake();
    else this.#writeBelow();
  }

  /** A new folder with a file in it; the oldest of many goes, so that what is there does not grow for ever. */
  #writeBelow(): void {
    const folder = join(this.#anyFolder(), `new ${this.#count}`);
    this.#write(join(folder, 'in it.txt'));
    this.#made.push(folder);
    if (this.#made.length > MOST_MADE) rmSync(join(this.#root, this.#made.shift()!), { recursive: true, force: true });
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)];
  }

  #anyFolder(): string {
    return this.#pick(FOLDERS) ?? '';
  }

  #newName(): string {
    return join(this.#anyFolder(), `f${Math.floor(this.#random() * 80)}.txt`);
  }

  #anyFile(): string | undefined {
    const folder = this.#anyFolder();
    if (!existsSync(join(this.#root, folder))) return undefined;
    const files = readdirSync(join(this.#root, folder), { withFileTypes: true }).filter((entry) => entry.isFile());
    const one = this.#pick(files);
    return one && join(folder, one.name);
  }

  #write(path: string): void {
    const file = join(this.#root, path);
    mkdirSync(dirname(file), { recursive: true });
    const length = Math.floor(this.#random() ** 4 * 20_000);
    writeFileSync(file, `${this.#count} ${path} ${'x'.repeat(length)}`);
  }

  #rename(from: string, to: string): void {
    const target = join(this.#root, to);
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(this.#root, from), target);
  }

  #renameFolder(): void {
    const [from, to] = this.#random() < 0.5 ? ['b/c', 'a/moved'] : ['a/moved', 'b/c'];
    if (existsSync(join(this.#root, from)) && !existsSync(join(this.#root, to))) {
      mkdirSync(dirname(join(this.#root, to)), { recursive: true });
      renameSync(join(this.#root, from), join(this.#root, to));
    }
  }

  #remake(): void {
    const folder = this.#pick(['a/deep', 'b/c/d', 'ü']) ?? 'ü';
    rmSync(join(this.#root, folder), { recursive: true, force: true });
    mkdirSync(join(this.#root, folder), { recursive: true });
    this.#write(`${folder}/made again.txt`);
  }
}
