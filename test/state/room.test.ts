import { expect, test } from 'vitest';
import { exitCodeOf, type StateError } from '../../src/model/index.ts';
import { noRoom } from '../../src/state/room.ts';
import { stateError } from '../../src/state/store.ts';

const coded = (code: string) => Object.assign(new Error(`${code}: made up, write`), { code });
const level = (words: string) =>
  new Error('Database failed to open', { cause: Object.assign(new Error(words), { code: 'LEVEL_IO_ERROR' }) });

test.each([
  ['the system, without room', coded('ENOSPC'), 'no room left on the disk'],
  ['the system, without quota', coded('EDQUOT'), 'the disk quota is used up'],
  ['the store, without room', level('IO error: /s/baseline/000005.ldb: No space left on device'), 'no room left'],
  ['the store, without quota', level('IO error: /s/baseline/000003.log: Disk quota exceeded'), 'quota is used up'],
])('%s: said as that, with exit code 3 and no advice to begin anew', (_, error, said) => {
  const told = stateError(error, '/s');
  expect(told.message).toContain(said);
  expect(told.message).toMatch(/in \/s: free some space and run again/);
  expect(told.message).not.toMatch(/--adopt|Move that folder/);
  expect(exitCodeOf(told)).toBe(3);
});

test.each([
  ['the system', coded('EACCES')],
  ['the store', level('IO error: /s/baseline/LOCK: Permission denied')],
  ['a disk that is read only', level('IO error: /s/baseline/000003.log: Read-only file system')],
])('%s refuses: said as that, with exit code 2 and no advice to begin anew', (_, error) => {
  const told = stateError(error, '/s');
  expect(told.message).toMatch(/may not use .* in \/s .*another user/);
  expect(told.message).not.toMatch(/--adopt|Move that folder/);
  expect(exitCodeOf(told)).toBe(2);
});

test('what is damaged is not taken for what is full', () => {
  const told = stateError(level('Corruption: 1 missing files; e.g.: /s/baseline/000005.ldb'), '/s');
  expect(told.message).toMatch(/cannot be used.*--adopt/);
  expect([exitCodeOf(told), (told as StateError).unsaved]).toEqual([1, false]);
  expect(noRoom(new Error('no such room'), '/s')).toBeUndefined();
});
