// One run of a job that is killed at a named point: argv[2] is the spec as JSON. Says on stdout which points it passed when
// it is asked to, and dies by SIGKILL in the very call that stands for the point, before or after it was made.
import { writeSync } from 'node:fs';

const { job, state, at, nth, recite } = JSON.parse(process.argv[2]);
let passed = 0;
const seen = new Map();

function point(name) {
  if (recite) seen.set(name, (seen.get(name) ?? 0) + 1);
  if (name === at && ++passed === nth) process.kill(process.pid, 'SIGKILL');
}

// The calls below the ports: what is between a sync and a rename. They are taken hold of before the run is loaded.
const { default: fs } = await import('node:fs');
const { syncBuiltinESMExports } = await import('node:module');
// They are made directly or with a callback, as it pleases the disk: one is the same point as the other.
const ours = (at) =>
  typeof at === 'number' || String(at).startsWith(job.local) || String(at).startsWith('/proc/self/fd');
for (const name of ['link', 'rename', 'unlink', 'fsync', 'mkdir', 'rmdir']) {
  const direct = fs[`${name}Sync`];
  fs[`${name}Sync`] = (...args) => {
    if (!ours(args[0])) return direct(...args);
    point(`fs.${name} before`);
    const result = direct(...args);
    point(`fs.${name} after`);
    return result;
  };
  const call = fs[name];
  fs[name] = (...args) => {
    if (!ours(args[0])) return call(...args);
    point(`fs.${name} before`);
    const done = args.pop();
    return call(...args, (...result) => {
      point(`fs.${name} after`);
      done(...result);
    });
  };
}
syncBuiltinESMExports();

/** The same object; the methods that are named pass a point before and after. */
function watched(target, room, names, also = {}) {
  return new Proxy(target, {
    get(_, key) {
      const value = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      if (also[key]) return also[key];
      if (!names.includes(key)) return value.bind(target);
      return (...args) => {
        point(`${room}.${String(key)} before`);
        const result = value.apply(target, args);
        if (typeof result?.then !== 'function') return result;
        return result.then((got) => {
          point(`${room}.${String(key)} after`);
          return got;
        });
      };
    },
  });
}

const LANE = ['write', 'read', 'inspect', 'setModified', 'rename', 'remove', 'removeDirectory', 'makeDirectory'];
const MEMORY = [
  'learn',
  'forget',
  'propose',
  'withdraw',
  'saveCheckpoint',
  'dropCheckpoint',
  'saveSwap',
  'dropSwap',
  'flush',
  'close',
];
const LOCAL = ['stage', 'remove', 'removeDirectory', 'makeDirectory', 'flush'];

const { run } = await import('../../../../dist/sync/index.js');
const { openPair } = await import('../../../../dist/sync/pair.js');

const seams = {
  openPair: async (...args) => {
    const pair = await openPair(...args);
    const lane = async (...asked) => {
      const inner = await pair.remote.lane(...asked);
      const write = async (path, source, options) => {
        point('lane.write before');
        const chunks = async function* (offset) {
          for await (const chunk of source.chunks(offset)) {
            yield chunk;
            point('lane.write within');
          }
        };
        const sent = await inner.write(path, { chunks }, options);
        point('lane.write after');
        return sent;
      };
      return watched(inner, 'lane', LANE, { write });
    };
    const stage = async (...asked) => {
      point('local.stage before');
      const inner = await pair.local.stage(...asked);
      return watched(inner, 'stage', ['write', 'commit', 'keep', 'discard']);
    };
    return {
      ...pair,
      local: watched(pair.local, 'local', LOCAL, { stage }),
      remote: watched(pair.remote, 'remote', ['list', 'sight', 'makeRoot'], { lane }),
      memory: watched(pair.memory, 'memory', MEMORY),
    };
  },
};

const { password, ...server } = job.server;
const settings = { ...job, server: { ...server, password: async () => password } };
const summary = await run(settings, { tell: () => {}, stateBase: state, seams });
if (recite) writeSync(1, `${JSON.stringify(Object.fromEntries(seen))}\n`);
process.exitCode = summary.exitCode;
