/** The verb that sets a file's time: found by its effect, then used without asking. */
import { describe, expect, test } from 'vitest';
import { connectFtp } from '../../src/ftp/remote.ts';
import { ReplyError, toRelPath } from '../../src/model/index.ts';
import { type Answer, type Script, scripted } from './scripted.ts';

const path = toRelPath('a file');
const when = Date.UTC(2020, 1, 3, 4, 5, 6);
const feat = (...verbs: string[]): Answer => ['211-F', ...verbs.map((verb) => ` ${verb}`), '211 E'];

async function attempt(script: Script, times = 1) {
  const server = await scripted({ FEAT: feat('MDTM', 'SIZE', 'MFMT'), MDTM: '213 20200203040506', ...script });
  const remote = connectFtp(server.options());
  await remote.open();
  const lane = await remote.lane();
  const results: unknown[] = [];
  for (let i = 0; i < times; i += 1) results.push(await lane.setModified(path, when).catch((error) => error));
  const { setTime } = remote.capabilities;
  await remote.close();
  await server[Symbol.asyncDispose]();
  const asked = server.commands.filter((line) => /^(MFMT|MFF|MDTM|SITE)/.test(line));
  return { results, setTime, asked };
}

/** A server on which MDTM with a time sets it, as vsftpd. */
function setting(): Answer {
  let stamp = '20190101000000';
  return (visit) => {
    const [first = ''] = visit.argument.split(' ');
    if (/^\d{14}$/.test(first)) stamp = first;
    visit.send(`213 ${stamp}`);
  };
}

describe('which verb', () => {
  test('MFMT where it is announced; its effect is looked at once', async () => {
    const { results, asked } = await attempt({ MFMT: '213 ok' }, 3);
    expect(results).toEqual([true, true, true]);
    expect(asked).toEqual([
      'MFMT 20200203040506 /a file',
      'MDTM /a file',
      'MFMT 20200203040506 /a file',
      'MFMT 20200203040506 /a file',
    ]);
  });

  test('MFF where there is no MFMT', async () => {
    const { asked } = await attempt({ FEAT: feat('MDTM', 'MFF modify;'), MFF: '213 ok' });
    expect(asked[0]).toBe('MFF Modify=20200203040506; /a file');
  });

  test('MDTM with a time, where it has an effect', async () => {
    const { results, setTime } = await attempt({ FEAT: feat('MDTM'), MDTM: setting() }, 2);
    expect(results).toEqual([true, true]);
    expect(setTime).toBe('MDTM');
  });

  test('MDTM answered as a question is not believed', async () => {
    const { results, setTime } = await attempt({ FEAT: feat('MDTM'), MDTM: '213 20190101000000' }, 2);
    expect(results).toEqual([false, false]);
    expect(setTime).toBeNull();
  });

  test.each(['500', '501', '502', '504'])('MFMT refused with %s: the next one', async (code) => {
    const { results, setTime } = await attempt({ MFMT: `${code} what`, MDTM: setting() });
    expect(results).toEqual([true]);
    expect(setTime).toBe('MDTM');
  });

  test('MFMT without effect: the next one', async () => {
    const { setTime } = await attempt({ MFMT: '213 ok', MDTM: setting() });
    expect(setTime).toBe('MDTM');
  });

  test('SITE UTIME where nothing else is there', async () => {
    const { results, asked } = await attempt({ FEAT: '502 what', MDTM: '502 what', SITE: '200 ok' });
    expect(results).toEqual([true]);
    expect(asked).toContain('SITE UTIME 20200203040506 /a file');
  });

  test('none at all: false, and nothing is asked any more', async () => {
    const { results, asked } = await attempt({ FEAT: '502 what', MDTM: '502 what', SITE: '500 what' }, 3);
    expect(results).toEqual([false, false, false]);
    expect(asked.filter((line) => line.startsWith('SITE'))).toHaveLength(1);
  });

  test('a refusal about this file says nothing about the verb', async () => {
    const { results, setTime } = await attempt({ MFMT: '550 not yours' });
    expect(results[0]).toBeInstanceOf(ReplyError);
    expect(setTime).toBe('MFMT');
  });
});

test('what was asked meanwhile waits until the verb is found', async () => {
  await using server = await scripted({
    FEAT: feat('MDTM', 'MFMT'),
    MFMT: '500 what',
    MDTM: setting(),
    RNFR: '350 ok',
    RNTO: '250 ok',
  });
  const remote = connectFtp(server.options());
  await remote.open();
  const lane = await remote.lane();
  await Promise.all([lane.setModified(path, when), lane.rename(path, toRelPath('b'))]);
  expect(server.commands.slice(-5)).toEqual([
    'MDTM /a file',
    'MDTM 20200203040506 /a file',
    'MDTM /a file',
    'RNFR /a file',
    'RNTO /b',
  ]);
  await remote.close();
});
