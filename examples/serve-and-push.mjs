// Starts the embedded server on a folder, pushes another folder to it, and stops it again: a test bench in one file.
//
//   node examples/serve-and-push.mjs ./site ./server-folder
import { FtpServer, resolvePair, run } from 'ftp-ferry';

const [folder, served] = process.argv.slice(2);
if (!served) {
  console.error('usage: node serve-and-push.mjs FOLDER SERVER-FOLDER');
  process.exit(2);
}
const server = new FtpServer({ root: served, users: [{ name: 'ann', password: 'not a secret' }] });
server.on('stored', ({ path, bytes }) => console.log(`the server got ${path}, ${bytes} bytes`));
const { port } = await server.listen();

const job = await resolvePair(folder, `ftp://ann:not%20a%20secret@127.0.0.1:${port}/`);
const { exitCode } = await run(job, { tell: () => {} });
await server.close();
process.exitCode = exitCode;
