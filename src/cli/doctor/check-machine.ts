import { lookup } from 'node:dns/promises';
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { freemem, totalmem, userInfo } from 'node:os';
import { dirname } from 'node:path';
import { formatSizeRoughly } from '../../core/quantities.ts';
import { fail, ok, warn, type Check } from './check.ts';

const gigabyte = 1e9;

/** The folder, or where it would be made: may we write, and is there room? */
export function checkStateFolder(folder: string): Check {
  const name = 'state folder';
  const there = nearestExisting(folder);
  if (!isWritable(there)) {
    return fail(name, `${there} is not writable`, 'choose another one with --state, or change its owner');
  }
  const disk = statfsSync(there);
  const free = disk.bavail * disk.bsize;
  const found = `${folder}${there === folder ? '' : ' (not there yet)'}, ${formatSizeRoughly(free)} free`;
  if (free < gigabyte / 5) return fail(name, found, 'free some space: builds and databases need it');
  return free < 2 * gigabyte ? warn(name, found, 'a few releases may fill it up') : ok(name, found);
}

function nearestExisting(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestExisting(dirname(folder));
}

export function checkMemory(): Check {
  const found = `${formatSizeRoughly(freemem())} free of ${formatSizeRoughly(totalmem())}`;
  return totalmem() < gigabyte
    ? warn('memory', found, 'old and new run side by side in a blue-green deploy; `strategy: recreate` needs less')
    : ok('memory', found);
}

export function checkUser(uid: number | undefined): Check {
  const name = 'user';
  if (uid === undefined) return ok(name, userInfo().username);
  if (uid === 0) return ok(name, 'root: builds and each environment get a user of their own');
  return warn(name, `${userInfo().username}, not root`, 'builds and apps run as you and can read what you can read');
}

/** Limits on memory and processor come from control groups, of version 2 or 1, which only Linux has. */
export function checkControlGroups(platform: NodeJS.Platform, mount = '/sys/fs/cgroup'): Check {
  const name = 'limits';
  if (platform !== 'linux')
    return warn(name, `no control groups on ${platform}`, '`memory` and `cpu` are not enforced here');
  const isUnified = existsSync(`${mount}/cgroup.controllers`);
  const missing = isUnified
    ? missingControllers(mount)
    : ['memory', 'cpu'].filter((each) => !existsSync(`${mount}/${each}`));
  if (missing.length > 0)
    return warn(name, `no ${missing.join(', ')} controller`, 'those limits are not enforced here');
  const folders = isUnified ? [mount] : [`${mount}/memory`, `${mount}/cpu`];
  if (folders.every(isWritable)) return ok(name, `memory and cpu, by control groups version ${isUnified ? 2 : 1}`);
  return warn(name, `${mount} is not writable`, '`memory` and `cpu` are not enforced; that needs root');
}

function missingControllers(mount: string): readonly string[] {
  const controllers = readFileSync(`${mount}/cgroup.controllers`, 'utf8').trim().split(' ');
  return ['memory', 'cpu'].filter((each) => !controllers.includes(each));
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A clock that is far off breaks certificates, tokens and the order of the journal. */
export function checkClock(nowMs: number, serverMs: number | null): Check {
  const name = 'clock';
  const text = new Date(nowMs).toISOString();
  if (nowMs < Date.UTC(2025, 0))
    return fail(name, text, 'the clock is years behind: set it (chrony, systemd-timesyncd)');
  const offMs = serverMs === null ? 0 : Math.abs(nowMs - serverMs);
  if (offMs > 5000)
    return warn(name, `${Math.round(offMs / 1000)}s away from the control plane’s`, 'let both follow NTP');
  return ok(name, text);
}

/** Browsers lead `*.localhost` to this machine by themselves (RFC 6761); the resolver of the system may not. */
export async function checkLocalNames(): Promise<Check> {
  const name = 'local names';
  try {
    const { address } = await lookup('lotse-check.localhost');
    return ok(name, `*.localhost is ${address}`);
  } catch {
    return ok(name, '*.localhost works in browsers; tools such as curl take the environment’s own port');
  }
}

export async function checkPort(host: string, port: number, isOurs: () => Promise<boolean>): Promise<Check> {
  const name = `port ${port}`;
  const code = await tryListen(host, port);
  if (code === null) return ok(name, 'free');
  if (code === 'EADDRINUSE') {
    if (await isOurs()) return ok(name, 'a control plane of Lotse answers there');
    return fail(
      name,
      'taken by another program',
      `\`ss -ltnp\` says by which; or choose another with --listen ${host}:PORT`,
    );
  }
  return fail(name, `cannot be opened (${code})`, 'choose another one with --listen');
}

function tryListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}
