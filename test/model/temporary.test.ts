import { expect, it } from 'vitest';
import { isTemporary, toRelPath } from '../../src/model/index.ts';
import { asideFor, temporaryFor } from '../../src/model/temporary.ts';

it.each([temporaryFor, asideFor])('of names that are too long and begin alike, each has its own (%o)', (nameFor) => {
  const long = '長'.repeat(83);
  const names = ['-1.txt', '-2.txt', '-3'].map((end) => nameFor(toRelPath(`in/${long}${end}`), '0123abcd'));
  expect(new Set(names).size).toBe(3);
  for (const name of names) {
    expect(isTemporary(name.slice('in/'.length))).toBe(true);
    expect(Buffer.byteLength(name.slice('in/'.length))).toBeLessThanOrEqual(255);
  }
  expect(nameFor(toRelPath(`in/${long}-1.txt`), '0123abce')).not.toBe(names[0]);
});
