import { expect, test } from 'vitest';
import { netrcLogin } from '../../src/config/netrc.ts';

const LOGINS = `
# machine ftp.example.com login old password old
machine ftp.example.com login deploy password s3cret account web
machine ftp.example.com
  login other
  password "two words \\"quoted\\" #1"
machine plain.example password #hash
macdef init
  cd /pub
  machine trap.example login x password y

machine after.example login a password b # a comment
default login anonymous password me@example.com
`;

test.each([
  [
    'the first entry of a machine',
    'ftp.example.com',
    undefined,
    { user: 'deploy', password: 's3cret', account: 'web' },
  ],
  ['whatever the case', 'FTP.Example.com', undefined, { user: 'deploy', password: 's3cret', account: 'web' }],
  ['the entry of that user', 'ftp.example.com', 'other', { user: 'other', password: 'two words "quoted" #1' }],
  ['an entry without a user fits every user', 'plain.example', 'me', { password: '#hash' }],
  ['an entry after a macro', 'after.example', 'a', { user: 'a', password: 'b' }],
  ['nothing inside a macro', 'trap.example', 'x', undefined],
  ['default for other machines', 'elsewhere.example', undefined, { user: 'anonymous', password: 'me@example.com' }],
  ['not default for another user', 'elsewhere.example', 'me', undefined],
  ['not default where the machine has another user', 'after.example', 'z', undefined],
])('%s', (_, machine, user, login) => expect(netrcLogin(LOGINS, machine, user)).toEqual(login));

test('a macro that the file ends in tells no login', () => {
  expect(netrcLogin('macdef init machine x login u password p', 'x')).toBeUndefined();
});

test.each(['', 'machine', 'machine x login', 'login a password b', 'macdef', '"unclosed', 'default default'])(
  '%j has no password for x',
  (text) => expect(netrcLogin(text, 'x', 'u')?.password).toBeUndefined(),
);
