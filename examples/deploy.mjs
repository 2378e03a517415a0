// Pushes a folder and prints what was sent; for the end of a build.
//
//   FERRY_PASSWORD=… node examples/deploy.mjs ./public ftpes://me@example.com/htdocs
import { resolvePair, run } from 'ftp-ferry';

const [folder, url] = process.argv.slice(2);
const job = await resolvePair(folder, url, { verb: 'push', overrides: { exclude: ['*.map'] } });

const summary = await run(job, {
  tell(event) {
    if (event.type === 'action' && event.status === 'done') console.log(`${event.action} ${event.path}`);
    if (event.type === 'problem') console.error(`${event.path}: ${event.message}`);
  },
});

console.log(`${summary.uploaded} sent, ${summary.unchanged} unchanged`);
if (summary.message) console.error(summary.message);
process.exitCode = summary.exitCode;
