/** Ends the process with a last message. */
import { secretsMask } from '../config/index.ts';
import type { Failure } from './failure.ts';
import { currentLog } from './log.ts';
import { flushed } from './output.ts';

/** Says what went wrong, secrets masked, and exits. */
export async function endOn({ exitCode, message }: Failure): Promise<never> {
  if (message !== '') {
    process.stderr.write(`${secretsMask().mask(message)}\n`);
    // In the log each line says whose it is.
    currentLog()?.note('error', message.replace(/^ferry: /, ''));
    await currentLog()?.close();
  }
  await flushed();
  process.exit(exitCode);
}
