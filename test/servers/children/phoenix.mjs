// Our server in a process of its own, so that it can be killed as a server is: argv[2] is its options as JSON. Says a
// line on stdout once it listens, and ends with whoever holds the other end of its stdin, however that one ends.
import { FtpServer } from '../../../dist/server/index.js';

process.stdin.resume().on('close', () => process.exit());
const server = new FtpServer(JSON.parse(process.argv[2]));
await server.listen();
process.stdout.write('listening\n');
