// pyftpdlib, and a small program around it. It needs no root: it keeps a login in its folder by itself, without chroot.
// FEAT: EPRT, EPSV, MDTM, MFMT, MLST, REST STREAM, SIZE, TVFS, UTF8, and AUTH TLS, PBSZ, PROT with TLS. There is no HASH;
// MDTM sets no time. LIST and MLSD always show files that begin with a dot. SIZE answers only after TYPE I.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedEnvironment, installedPath, missing, outputOf } from './installed.ts';
import type { Launch, ServerKind } from './real-server.ts';

// Debian's own interpreter: another python3 on PATH does not find Debian's modules.
const python = '/usr/bin/python3';

const source = `
import json, logging, sys
import pyftpdlib.log
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

settings = json.load(open(sys.argv[1]))
pyftpdlib.log.config_logging(level=logging.INFO if settings['tersely'] else logging.DEBUG)

class ImplicitTls(TLS_FTPHandler):
    def handle(self):
        self.secure_connection(self.get_ssl_context())

    def handle_ssl_established(self):
        super().handle()

if settings['tls'] == 'none':
    class Handler(FTPHandler):
        pass
else:
    class Handler(ImplicitTls if settings['tls'] == 'implicit' else TLS_FTPHandler):
        certfile = settings['certificate']
        keyfile = settings['key']
        tls_control_required = settings['requireTls']
        tls_data_required = settings['requireTls']

authorizer = DummyAuthorizer()
authorizer.add_user(settings['user'], settings['password'], settings['root'], perm='elradfmwMT')
Handler.authorizer = authorizer
Handler.timeout = 3600
Handler.auth_failed_timeout = 0
Handler.max_login_attempts = 10
Handler.encoding = 'utf8'
if settings['passivePorts']:
    Handler.passive_ports = range(settings['passivePorts'][0], settings['passivePorts'][1] + 1)
if settings['masquerade']:
    Handler.masquerade_address = settings['masquerade']
# Its own limit counts every socket, so that of the server itself and of each transfer too.
class Server(FTPServer):
    def _accept_new_cons(self):
        clients = [one for one in self.ioloop.socket_map.values() if isinstance(one, FTPHandler)]
        return len(clients) <= settings['maxClients']

server = Server(('127.0.0.1', settings['port']), Handler, backlog=200)
server.max_cons_per_ip = 0
server.serve_forever(handle_exit=False)
`;

let version: string | undefined;

export const pyftpdlib: ServerKind = {
  name: 'pyftpdlib',
  unavailable() {
    if (!existsSync(python)) return `${python} is not there`;
    const tls = [installedPath('usr/lib/python3/dist-packages/OpenSSL'), '/usr/lib/python3/dist-packages/OpenSSL'];
    if (!tls.some((folder) => existsSync(folder))) return 'python3-openssl is not there (run .ci/install-servers)';
    return missing(['usr/lib/python3/dist-packages/pyftpdlib/servers.py'], false);
  },
  version() {
    version ??=
      /\d[\d.]*\d/.exec(outputOf(python, ['-W', 'ignore', '-c', 'import pyftpdlib; print(pyftpdlib.__ver__)']))?.[0] ??
      'unknown';
    return version;
  },
  async launch({ work, root, port, user, password, tls, options, certificate }): Promise<Launch> {
    const program = join(work, 'serve.py');
    writeFileSync(program, source);
    const settings = join(work, 'settings.json');
    const values = {
      ...{ root, port, user, password, tls },
      certificate: certificate.certificate,
      key: certificate.key,
      requireTls: options.requireTls ?? false,
      passivePorts: options.passivePorts ?? null,
      masquerade: options.masquerade ?? null,
      maxClients: options.maxClients ?? 200,
      tersely: options.tersely ?? false,
    };
    writeFileSync(settings, JSON.stringify(values), { mode: 0o600 });
    return { command: python, args: ['-W', 'ignore', program, settings], env: installedEnvironment() };
  },
};
