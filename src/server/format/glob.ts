// Shell patterns in LIST and NLST: `*`, `?` and `[...]` in the last part of a path.

/** A pattern that matches whole names; a leading dot must be written out, as in a shell. */
export function globToRegExp(glob: string): RegExp {
  let source = '';
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at]!;
    const close = character === '[' ? glob.indexOf(']', at + 2) : -1;
    // Stars in a row are one: each would multiply the ways to fail.
    if (character === '*') source += source.endsWith('.*') ? '' : '.*';
    else if (character === '?') source += '.';
    else if (close > 0) {
      const inner = glob.slice(at + 1, close);
      const negated = /^[!^]/.test(inner);
      const set = (negated ? inner.slice(1) : inner).replace(/[\\\]^[]/g, '\\$&');
      source += rangesInOrder(set) ? `[${negated ? '^' : ''}${set}]` : '\\[';
      if (rangesInOrder(set)) at = close;
    } else source += character.replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
  }
  return new RegExp(`^${/^[*?]/.test(glob) ? '(?!\\.)' : ''}${source}$`, 's');
}

function rangesInOrder(set: string): boolean {
  try {
    new RegExp(`[${set}]`);
    return set !== '';
  } catch {
    return false;
  }
}
