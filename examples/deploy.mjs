// Looks first, then pushes a folder and prints what was sent; Ctrl-C stops it in order, and so does a time limit.
//
//   FERRY_PASSWORD=… node examples/deploy.mjs ./public ftpes://me@example.com/htdocs
import { createFerry, exitCodeOf, FerryError } from 'ftp-ferry';

const [source, destination] = process.argv.slice(2);
if (!destination) {
  console.error('usage: node deploy.mjs FOLDER URL');
  process.exit(2);
}
const ferry = createFerry({ source, destination, overrides: { exclude: ['*.map'] } });

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(30 * 60_000)]);

ferry.on('problem', ({ path, message }) => console.error(`${path}: ${message}`));
ferry.on('warning', ({ message }) => console.error(`warning: ${message}`));

try {
  const plan = await ferry.plan({ signal });
  console.log(`${plan.actions.length} steps to do, ${plan.untouched.unchanged} files unchanged`);

  const running = ferry.run({ signal });
  for await (const event of running) {
    if (event.type === 'action' && event.status === 'done') console.log(`${event.action} ${event.path}`);
  }
  const { uploaded, unchanged, exitCode } = await running;
  console.log(`${uploaded} sent, ${unchanged} unchanged`);
  process.exitCode = exitCode;
} catch (error) {
  if (!(error instanceof FerryError)) throw error;
  console.error(error.message);
  process.exitCode = exitCodeOf(error);
}
