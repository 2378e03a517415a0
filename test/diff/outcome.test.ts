/** What became of a command whose reply was lost. */
import { expect, test } from 'vitest';
import { directoryAgreement, outcomeOf } from '../../src/diff/index.ts';
import type { Agreement, EntryKind, Sighting, Stamps } from '../../src/model/index.ts';
import { toRelPath } from '../../src/model/index.ts';

const path = toRelPath('a');
const FILE: Agreement = {
  path,
  kind: 'file',
  local: { size: 3, stamps: { stat: '1:1' } },
  remote: { size: 3, stamps: { mlst: '20260503120001' } },
};
const DIRECTORY = directoryAgreement(path);
const ABSENT: Sighting = { path, found: 'absent' };
const UNKNOWN: Sighting = { path, found: 'unknown', because: '450 busy' };

function there(kind: EntryKind, size: number | null = null, stamps: Stamps = {}): Sighting {
  const entry = { path, kind, size, mtime: null, precision: 1, zoned: true, stamps };
  return { path, found: 'present', entry };
}

test.each<[string, Agreement | null, Sighting, 'done' | 'not done' | 'open']>([
  ['a file that is there as it was sent', FILE, there('file', 3, { mlst: '20260503120001' }), 'done'],
  ['a file of another size', FILE, there('file', 4, { mlst: '20260503120001' }), 'not done'],
  ['a file of another time', FILE, there('file', 3, { mlst: '20260503120002' }), 'not done'],
  ['a file of a time that says nothing of ours', FILE, there('file', 3, { mdtm: '20260503120001' }), 'not done'],
  ['a file without any time', FILE, there('file', 3), 'not done'],
  ['a directory in the place of the file', FILE, there('directory'), 'not done'],
  ['a link in the place of the file', FILE, there('link', 3, { mlst: '20260503120001' }), 'not done'],
  ['no file', FILE, ABSENT, 'not done'],
  ['a server that would not say whether there is a file', FILE, UNKNOWN, 'open'],
  ['a directory that was to be made', DIRECTORY, there('directory'), 'done'],
  ['a file in the place of the directory', DIRECTORY, there('file', 3), 'not done'],
  ['no directory', DIRECTORY, ABSENT, 'not done'],
  ['nothing where something was to be removed', null, ABSENT, 'done'],
  ['something where it was to be removed', null, there('file', 3), 'not done'],
  ['a server that would not say whether it is removed', null, UNKNOWN, 'open'],
])('%s', (_, outcome, sighting, expected) => {
  const tentative = { path, name: path, outcome, since: 0 };
  expect(outcomeOf(tentative, sighting, 3_600_000)).toBe(expected);
  // A server that is stuck may do it a little later.
  expect(outcomeOf(tentative, sighting, 60_000)).toBe(expected === 'not done' ? 'open' : expected);
});
