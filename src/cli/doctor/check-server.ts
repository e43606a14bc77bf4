import { existsSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { formatSizeRoughly } from '../../core/quantities.ts';
import { findProxy, ownProxyBuild } from '../../proxy/start-proxy.ts';
import { unitNames } from '../install/unit-files.ts';
import { formatAgo } from '../output.ts';
import { runProgram } from '../run-program.ts';
import { fail, ok, warn, type Check } from './check.ts';
import { portOwner, type PortOwner } from './port-owner.ts';

const megabyte = 1e6;
const dayMs = 86_400_000;
/** What control plane and proxy take themselves, with room for a build. */
const ownBytes = 400 * megabyte;

/** How much of apps there is room for (proc_meminfo(5), `MemAvailable`); null where the system does not tell. */
export function checkRoom(meminfo = readOrNothing('/proc/meminfo'), cores = availableParallelism()): Check | null {
  const [, kibibytes] = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo) ?? [];
  if (kibibytes === undefined) return null;
  const bytes = Number(kibibytes) * 1024;
  const half = Math.max(0, bytes - ownBytes) / 2;
  const found = `${formatSizeRoughly(bytes)} of memory to have, ${cores} ${cores === 1 ? 'core' : 'cores'}`;
  return half < 100 * megabyte
    ? warn('room', found, 'hardly enough for an app beside its next release; `strategy: recreate` needs half of it')
    : ok(
        'room',
        `${found}: ${formatSizeRoughly(half)} for apps that get blue-green releases, since old and new run side by side`,
      );
}

/** Who has the ports that browsers ask. */
export function checkFrontPort(port: number, owner: PortOwner | null = portOwner(port)): Check {
  const name = `port ${port}`;
  if (owner === null) return ok(name, 'free');
  if (owner.arguments.some((word) => /\/proxy\/(?:proxy|worker)\.[jt]s$/.test(word)))
    return ok(name, 'the proxy of Lotse');
  const process = owner.pid === null ? '' : ` (process ${owner.pid})`;
  const advice = 'it can stay while you move in: docs/guides/adopt.md; ports 80 and 443 move last';
  return warn(name, `${owner.name}${process} has it`, advice);
}

/** Is Lotse a service here, and do its units run? None where there is no systemd. */
export async function checkUnits(): Promise<readonly Check[]> {
  const name = 'services';
  if (!existsSync('/run/systemd/system')) return [];
  const written = unitNames.filter((unit) => existsSync(`/etc/systemd/system/${unit}`));
  if (written.length === 0) return [ok(name, 'not installed; `lotse install` lets Lotse start with this machine')];
  if (written.length < unitNames.length) {
    return [
      fail(
        name,
        `only ${written.join(', ')} of ${unitNames.length} units are there`,
        '`sudo lotse install` writes them again',
      ),
    ];
  }
  const states = await Promise.all(unitNames.map(async (unit) => ({ unit, state: await stateOf(unit) })));
  const bad = states.filter(({ state }) => state !== 'active');
  if (bad.length === 0) return [ok(name, unitNames.join(', '))];
  return bad.map(({ unit, state }) =>
    fail(unit, state, `\`journalctl -u ${unit}\` says why, \`systemctl start ${unit}\` tries again`),
  );
}

/** `active`, `failed`, … as systemctl(1) says it. */
async function stateOf(unit: string): Promise<string> {
  const said = await runProgram(['systemctl', 'is-active', unit], { cwd: '/', timeoutMs: 20_000 }).catch(() => null);
  return said?.stdout.trim() ?? 'systemctl does not answer';
}

/** NTP: a clock that runs free drifts by seconds a week. Null where nobody can say. */
export async function checkTimeSync(): Promise<Check | null> {
  if (!existsSync('/run/systemd/system')) return null;
  const line = ['timedatectl', 'show', '--property=NTPSynchronized', '--value'] as const;
  const said = await runProgram(line, { cwd: '/', timeoutMs: 20_000 }).catch(() => null);
  if (said?.exitCode !== 0) return null;
  return said.stdout.trim() === 'yes'
    ? ok('time', 'follows NTP')
    : warn(
        'time',
        'the clock follows nobody',
        'timedatectl set-ntp true (or chrony): certificates and tokens need the right time',
      );
}

/** What others must not read, and whose modes Lotse makes itself. */
const closedParts = [
  'control',
  'control/lotse.sqlite',
  'control/vault.key',
  'control/probe.key',
  'client.json',
  'proxy',
];

/** Modes of a state folder; a folder that does not exist has none. Whoever may not look says so. */
export function checkStateModes(state: string): readonly Check[] {
  const name = 'state modes';
  if (!existsSync(state)) return [];
  const seen = closedParts.flatMap((part) => {
    const found = statSync(join(state, part), { throwIfNoEntry: false });
    return found === undefined ? [] : [{ part, mode: found.mode & 0o777 }];
  });
  const open = seen.filter(({ mode }) => (mode & 0o077) !== 0);
  if (open.length === 0)
    return seen.length === 0 ? [] : [ok(name, 'keys, tokens and the database are closed to others')];
  return open.map(({ part, mode }) =>
    fail(
      name,
      `${join(state, part)} is open to others (${mode.toString(8)})`,
      `chmod go= ${join(state, part)}; new values for what may have been read (lotse secret rotate, lotse token)`,
    ),
  );
}

/** Does the proxy serve, and is it of this Lotse? Problems are the proxy's own. Null where none has ever been. */
export async function checkProxyHere(state: string): Promise<Check | null> {
  const name = 'proxy here';
  const folder = join(state, 'proxy');
  if (!existsSync(join(folder, 'document.json'))) return null;
  const proxy = await findProxy(folder);
  if (proxy === null)
    return fail(name, `nobody answers in ${folder}`, '`systemctl start lotse-proxy`, or `lotse serve`, starts it');
  const { build, problems, pid } = await proxy.status();
  const [problem] = problems;
  if (problem !== undefined) return warn(name, problem, '`lotse proxy status` shows all of it');
  if (build === ownProxyBuild()) return ok(name, `process ${pid}, of this Lotse`);
  return warn(
    name,
    `process ${pid} is ${build}, and this is ${ownProxyBuild()}`,
    '`lotse proxy upgrade` changes it without losing a connection',
  );
}

/** When a backup was made last from this state; null before the first control plane. */
export function checkBackup(state: string, nowMs: number): Check | null {
  const name = 'backup';
  if (!existsSync(join(state, 'control', 'lotse.sqlite'))) return null;
  const advice = '`lotse backup create FILE`, from a timer, to another machine: docs/guides/backup.md';
  const made = statSync(join(state, 'control', 'last-backup'), { throwIfNoEntry: false });
  if (made === undefined) return warn(name, 'none was ever made of this state', advice);
  const found = `made ${formatAgo(made.mtimeMs, nowMs)}`;
  return nowMs - made.mtimeMs > 7 * dayMs ? warn(name, found, advice) : ok(name, found);
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
