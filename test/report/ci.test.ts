/** The summary page, the annotations and the report of problems of a CI job. */
import { describe, expect, it } from 'vitest';
import { codeQualityOf, githubCommands, markdownOf, Recorder } from '../../src/report/index.ts';
import { action, problem, start, summary } from './events.ts';

const asIs = (text: string) => text;

function recorded(...events: Parameters<Recorder['take']>[0][]): Recorder {
  const recorder = new Recorder();
  for (const event of events) recorder.take(event);
  return recorder;
}

describe('a run as Markdown', () => {
  it('says what was done, in figures and by path', () => {
    const text = markdownOf(recorded(start(), action({ path: 'a.txt' }), summary({ uploaded: 1, exitCode: 0 })), asIs);
    expect(text).toContain('### ✅ ferry push site');
    expect(text).toMatch(/\| uploaded \|.*\n\|.*---.*\n\| 1 \|/);
    expect(text).toContain('- upload <code>a.txt</code> (new, 1.2 kB)');
  });

  it('says why it failed, and names the problems', () => {
    const failed = recorded(start(), problem('b.txt', 'no room'), summary({ exitCode: 3, failed: 1, problems: 1 }));
    const text = markdownOf(failed, asIs);
    expect(text).toMatch(/### ❌.*\*\*Exit 3:\*\*/s);
    expect(text).toContain('**Problems (1)**\n\n- <code>b.txt</code>: no room');
  });

  it('a run whose work is done and whose hook failed is a warning, and no error', () => {
    const message = 'both sides agree, but the "after" hook notify ended with 1';
    const run = recorded(start(), summary({ uploaded: 1, exitCode: 0, message }));
    expect(markdownOf(run, asIs)).toMatch(/^### ⚠️ ferry push site\n.*\*\*Exit 0:\*\* both sides agree, but/s);
    expect(githubCommands(run, asIs, '/w')).toEqual([`::warning title=ferry push site::exit 0: ${message}`]);
  });

  it('shows every name as it is: nothing in one is markup, and nothing breaks a line', () => {
    const name = 'a|b`c`*d*_e_<img src=x onerror=alert(1)>[f](http://g)&amp;\n# h @i\u202e';
    const text = markdownOf(
      recorded(start(), action({ path: name }), problem(name, name), summary({ exitCode: 3 })),
      asIs,
    );
    for (const line of text.split('\n').filter((one) => one.includes('onerror'))) {
      expect(line.replace(/<\/?code>/g, '').replace(/^- /, '')).not.toMatch(/[<>|`*_[\]@\u202e]/);
      expect(line.replaceAll(/&#\d+;/g, '')).not.toContain('&');
    }
    expect(text.split('\n').filter((line) => line.startsWith('# '))).toEqual([]);
  });

  it('takes secrets out, and keeps a long list short', () => {
    const many = Array.from({ length: 500 }, (_, n) => action({ path: `hunter2-${n}` }));
    const text = markdownOf(recorded(start(), ...many, summary({ uploaded: 500 })), (it) =>
      it.replaceAll('hunter2', '***'),
    );
    expect(text).not.toContain('hunter2');
    expect(text).toMatch(/… and 300 more/);
    expect(text.length).toBeLessThan(20_000);
  });

  it('shows a plan in a fence that nothing in it can close', () => {
    const text = markdownOf(recorded(start({ dryRun: true }), summary({ exitCode: 8 })), asIs, 'a\n```\n# b\n');
    expect(text).toContain('### ✅ ferry plan site');
    expect(text).toContain('````\na\n```\n# b\n````');
  });
});

describe('annotations', () => {
  it('name the file in the checkout, and what went wrong', () => {
    const run = recorded(
      start({ local: '/work/repo/public' }),
      problem('css/a.css', 'no room'),
      summary({ exitCode: 3 }),
    );
    expect(githubCommands(run, asIs, '/work/repo')[0]).toBe(
      '::error file=public/css/a.css,title=ferry push site::css/a.css: no room',
    );
    expect(githubCommands(run, asIs, '/elsewhere')[0]).toBe('::error title=ferry push site::css/a.css: no room');
    expect(JSON.parse(codeQualityOf(run, asIs, '/work/repo'))).toMatchObject([
      {
        description: 'css/a.css: no room',
        location: { path: 'public/css/a.css', lines: { begin: 1 } },
        severity: 'major',
      },
    ]);
  });

  it('cannot be forged by a name', () => {
    const name = 'a,b:c%\r\n::error title=x::y';
    const run = recorded(start({ local: '/w' }), problem(name, `${name}\n::set-env::`), summary({ exitCode: 3 }));
    for (const command of githubCommands(run, asIs, '/w')) {
      expect(command).not.toMatch(/[\r\n]/);
      expect(command.startsWith('::error ')).toBe(true);
    }
    expect(githubCommands(run, asIs, '/w')[0]).toMatch(
      /^::error file=a%2Cb%3Ac%25%0D%0A%3A%3Aerror title=x%3A%3Ay,title=/,
    );
  });

  it('are none where all went well, and few where all went wrong', () => {
    expect(githubCommands(recorded(start(), summary({ exitCode: 0 })), asIs, '/w')).toEqual([]);
    const many = Array.from({ length: 50 }, (_, n) => problem(`${n}`, 'bad'));
    expect(githubCommands(recorded(start(), ...many, summary({ exitCode: 3 })), asIs, '/w')).toHaveLength(10);
    expect(codeQualityOf(recorded(start(), summary({ exitCode: 0 })), asIs, '/w')).toBe('[]\n');
  });
});
