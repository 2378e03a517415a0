/** The verb `demo`: the whole story against the built-in server. */

import type { Verb } from '../context.ts';

export const demo: Verb = (program, context) => {
  program
    .command('demo')
    .description('see all of it, no account needed')
    .usage(' ')
    .addHelpText('after', ABOUT)
    .action(async () => {
      // It brings the server along, which no other verb needs.
      const { tellStory } = await import('../demo/story.ts');
      context.finish(await tellStory(context));
    });
};

const ABOUT = `
Starts the built-in FTP server on this machine with a throw-away folder, and
pushes, edits, cuts, resumes, pulls and compares for real. Leaves nothing
behind; exits 0 only if all of it held.
`;
