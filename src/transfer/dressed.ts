/** A file without its time or its permissions is still the file: said once, and no reason to keep it back. */
import { ReplyError } from '../model/index.ts';
import { type Warning, warnOnce } from './context.ts';

/** Whether it was set. @throws what may succeed a moment later; LostError. */
export async function dressed(warning: Warning, setting: Promise<boolean>, what: string): Promise<boolean> {
  try {
    return await setting;
  } catch (error) {
    if (!(error instanceof ReplyError) || error.retryable) throw error;
    const said = `${error.reply} ${error.text}`;
    warnOnce(warning, `the server refuses to set ${what} of some files (${said}); their content is right`, what);
    return false;
  }
}
