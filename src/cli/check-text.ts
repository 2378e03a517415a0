/** What `check` found out, in plain words. */
import type { RemoteSettings } from '../config/index.ts';
import { nameOfProxy } from '../ftp/proxy.ts';
import { type Capabilities, printable } from '../model/index.ts';
import { type CheckReport, offersTls } from '../sync/index.ts';

type Row = readonly [string, string];

export function checkText(target: RemoteSettings, report: CheckReport): string {
  const { capabilities } = report;
  const rows: Row[] = [
    ['Connected', `in ${report.connectTime} ms as ${target.server.user}${through(target)}`],
    ['Software', capabilities.software || 'it does not say'],
    ['Encryption', encryption(capabilities)],
    ['Listings', listings(capabilities)],
    ['Times', times(capabilities)],
    ['Resuming', resuming(capabilities)],
    ['Comparing', comparing(capabilities)],
    ['Names', capabilities.utf8 ? 'UTF-8' : `the server does not say; taken for ${target.server.encoding}`],
    ['Replacing', replacing(capabilities)],
    ['Folder', folder(report)],
  ];
  return [printable(target.remoteUrl), ...rows.map(([what, found]) => `  ${what.padEnd(11)} ${printable(found)}`)].join(
    '\n',
  );
}

function through({ server: { proxy } }: RemoteSettings): string {
  return proxy === undefined ? '' : `, through the proxy ${nameOfProxy(proxy)}`;
}

function encryption(capabilities: Capabilities): string {
  const { tls } = capabilities;
  if (tls === null) {
    const offer = offersTls(capabilities) ? '; the server offers TLS: use ftpes:// instead of ftp://' : '';
    return `none: the password and all content travel as plain text${offer}`;
  }
  const [data, control] = [tls.dataProtected, tls.controlProtected];
  if (data && control) return `${tls.protocol}, commands and content`;
  if (!data && !control) return `${tls.protocol} for the login alone: tls.protect is "clear", and tls.ccc is set`;
  return data
    ? `${tls.protocol}, but not for commands after the login: tls.ccc is set`
    : `${tls.protocol}, but not for content: tls.protect is "clear"`;
}

function listings({ mlsd, listOffsetMinutes }: Capabilities): string {
  if (mlsd) return 'MLSD: exact names, sizes and times';
  const zone = listOffsetMinutes === null ? 'in a time zone not yet known' : `${listOffsetMinutes} min ahead of UTC`;
  return `LIST, made for people: times to the minute or the day, ${zone}`;
}

function times({ setTime, mdtm, mlst }: Capabilities): string {
  const asked = mlst || mdtm ? 'can be asked for' : 'only from listings';
  return setTime === null ? `${asked}; cannot be set` : `${asked}, and set by ${setTime} (to be tried)`;
}

function resuming({ restart, append }: Capabilities): string {
  if (restart) return 'cut transfers go on where they stopped';
  return append ? 'uploads go on by APPE; downloads begin anew' : 'cut transfers begin anew';
}

function comparing({ hash }: Capabilities): string {
  return hash === null ? 'no hashes: "verify" has to read every file' : `${hash.algorithm} by ${hash.verb}`;
}

function replacing({ renameOver }: Capabilities): string {
  if (renameOver === null) return 'in one step, if the server renames over files (not seen yet)';
  return renameOver ? 'in one step: renamed over the old file' : 'in two steps: the old file is set aside first';
}

function folder({ root, trouble }: CheckReport): string {
  if (root === null) return `cannot be listed: ${trouble}`;
  const count = `${root.entries.length} ${root.entries.length === 1 ? 'entry' : 'entries'}`;
  const lost = root.problems.length > 0 ? `, ${root.problems.length} not understood` : '';
  return root.incomplete === undefined ? `${count}${lost}` : `${count}${lost}; there may be more: ${root.incomplete}`;
}
