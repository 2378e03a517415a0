// On what, and with what, was measured.
import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem } from 'node:os';
import { availableServers } from '../test/servers/index.ts';
import { projectFolder } from './ferry.ts';
import { canAccount } from './measure.ts';
import { curlVersion } from './peers/curl.ts';
import { lftpVersion } from './peers/lftp.ts';
import { rcloneVersion } from './peers/rclone.ts';

export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  return `${cpus().length} × ${model} (${arch()}), ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}`;
}

export function versions(): string {
  const ferry = (JSON.parse(readFileSync(`${projectFolder}/package.json`, 'utf8')) as { version: string }).version;
  const peers = { lftp: lftpVersion(), rclone: rcloneVersion(), curl: curlVersion() };
  const there = Object.entries(peers).map(([name, version]) => (version ? `${name} ${version}` : `${name} missing`));
  return [`ferry ${ferry}`, `Node ${process.versions.node}`, ...there].join(', ');
}

/** What should be known before numbers are believed, one line each. */
export function warnings(): string[] {
  const found: string[] = [];
  const [load = 0] = loadavg();
  if (load > cpus().length / 2) found.push(`the machine is busy (load ${load.toFixed(1)}): expect noise`);
  if (!canAccount()) found.push('GNU time is not there: no processor time and no memory (apt-get install time)');
  for (const [name, version] of [
    ['lftp', lftpVersion()],
    ['rclone', rcloneVersion()],
    ['curl', curlVersion()],
  ]) {
    if (version === undefined) found.push(`${name} is not there and is left out (.ci/install-servers --peers)`);
  }
  for (const { name, why } of availableServers()) {
    if (why !== undefined && name !== 'pyftpdlib') found.push(`${name} is left out: ${why}`);
  }
  return found;
}
