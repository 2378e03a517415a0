import { expect, test } from 'vitest';
import { problemOf } from '../../src/act/failure.ts';
import { type RelPath, ReplyError } from '../../src/model/index.ts';

const messageOf = (text: string) => problemOf(new ReplyError('STOR a', 550, text), 'a' as RelPath, 'remote').message;

test.each(['Permission denied.', 'Not enough privileges.', 'a: Operation not permitted', 'Access is denied.'])(
  'a reply about rights says where to look: %s',
  (text) =>
    expect(messageOf(text)).toBe(
      `the server answered STOR a with 550 ${text}; see what this user may do there on the server`,
    ),
);

test('a reply about anything else is left as it is', () =>
  expect(messageOf('No such file.')).toBe('the server answered STOR a with 550 No such file.'));
