import { describe, expect, test } from 'vitest';
import { ReplyReader } from '../../src/ftp/reply.ts';
import { ProtocolError } from '../../src/model/index.ts';

function read(...chunks: string[]) {
  const stray: string[] = [];
  const reader = new ReplyReader((line) => stray.push(line));
  const replies = chunks.flatMap((chunk) => [...reader.push(chunk)]);
  return { reader, stray, replies: replies.map(({ code, text }) => [code, text]) };
}

describe('replies are cut out of the stream', () => {
  test.each<[string, string[], [number, string][]]>([
    ['one line', ['220 hello\r\n'], [[220, 'hello']]],
    ['a bare code', ['200\r\n'], [[200, '']]],
    [
      'line feeds alone',
      ['220 hello\n230 in\n'],
      [
        [220, 'hello'],
        [230, 'in'],
      ],
    ],
    ['half a line is no reply', ['213 123'], []],
    ['a line in halves is one reply', ['213 123', '456\r\n'], [[213, '123456']]],
    ['a line end in halves', ['213 1\r', '\n'], [[213, '1']]],
    [
      'several in one piece',
      ['200 a\r\n200 b\r\n3', '31 c\r\n'],
      [
        [200, 'a'],
        [200, 'b'],
        [331, 'c'],
      ],
    ],
    ['several lines', ['211-Features\r\n MDTM\r\n211 End\r\n'], [[211, 'Features MDTM End']]],
    ['other codes within', ['211-A\r\n226 fake\r\n211-still\r\n211 End\r\n'], [[211, 'A 226 fake still End']]],
    ['a bare code at the end', ['211-A\r\n211\r\n'], [[211, 'A']]],
    [
      'empty lines in between',
      ['200 a\r\n\r\n200 b\r\n'],
      [
        [200, 'a'],
        [200, 'b'],
      ],
    ],
  ])('%s', (_name, chunks, expected) => {
    expect(read(...chunks).replies).toEqual(expected);
  });

  test('lines that are no reply are told', () => {
    expect(read('what is this\r\n200 ok\r\n')).toMatchObject({ stray: ['what is this'], replies: [[200, 'ok']] });
  });

  test('what is left over is known', () => {
    expect(read('200 ok\r\n').reader.empty).toBe(true);
    expect(read('200 ok\r\n2').reader.empty).toBe(false);
    expect(read('200-ok\r\n').reader.empty).toBe(false);
  });
});

describe('nothing grows without bound', () => {
  test('a line without end', () => {
    expect(() => read(...Array(20).fill('x'.repeat(1000)))).toThrow(ProtocolError);
  });
  test('a long line that does end', () => {
    expect(() => read(`200 ${'x'.repeat(17_000)}\r\n`)).toThrow(ProtocolError);
  });
  test('a reply without end', () => {
    expect(() => read('220-hello\r\n', ...Array(100).fill(`${'x'.repeat(1000)}\r\n`))).toThrow(ProtocolError);
  });
});
