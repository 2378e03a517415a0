import { expect, test } from 'vitest';
import { SecretsMask } from '../../src/config/mask.ts';

test.each([
  ['as it is', 'hunter2', 'PASS hunter2!', 'PASS ***!'],
  ['everywhere', 'hunter2', 'hunter2hunter2', '******'],
  ['in a URL', 'p@s s/ü', 'ftp://me:p%40s%20s%2F%C3%BC@h', 'ftp://me:***@h'],
  ['in JSON', 'a"b\\c', JSON.stringify({ why: 'got a"b\\c' }), '{"why":"got ***"}'],
  ['escaped for a terminal', 'ab\u0007cd', 'got ab\\x07cd', 'got ***'],
  ['with characters that mean something in a pattern', 'a.*(b)[c]$-/|', 'x a.*(b)[c]$-/| y', 'x *** y'],
  [
    'short ones where they stand alone',
    'abc',
    'abc, "abc" (abc) but not abcd or xabc',
    '***, "***" (***) but not abcd or xabc',
  ],
  ['with a lone surrogate', 'ab\ud800cd', 'x ab\ud800cd', 'x ***'],
])('a secret is taken out: %s', (_, secret, text, masked) => {
  const secrets = new SecretsMask();
  secrets.add(secret);
  expect(secrets.mask(text)).toBe(masked);
});

test('a secret that begins with another one goes as a whole', () => {
  const secrets = new SecretsMask();
  secrets.add('secret');
  expect(secrets.mask('secretary')).toBe('***ary');
  secrets.add('secretary');
  expect(secrets.mask('secretary')).toBe('***');
});

test('without secrets, and with an empty one, a text stays as it is', () => {
  const secrets = new SecretsMask();
  secrets.add('');
  expect(secrets.mask('a text')).toBe('a text');
});
