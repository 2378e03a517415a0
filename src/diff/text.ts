/** Which files are texts, whose line ends become those of the side that they go to. */
import type { RelPath } from '../model/index.ts';
import { Patterns } from './patterns.ts';

/** By gitignore patterns. Throws a ConfigError. */
export function textsOf(patterns: readonly string[] = []): (path: RelPath) => boolean {
  const texts = new Patterns(patterns, 'ascii');
  return (path) => texts.match(path, 'file');
}
