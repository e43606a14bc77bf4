import type { Command } from 'commander';
import { LotseError, toLotseError } from '../../core/errors.ts';
import { findAppFolder, readAppFolder } from '../app-folder.ts';
import type { Connection } from '../client.ts';
import { urlPath } from '../client.ts';
import { connectionInput, withConnection, withHelp, type ConnectionOptions } from '../command-options.ts';
import { findConnection } from '../connection.ts';
import type { Context } from '../context.ts';
import { fail, ok, type Check } from '../doctor/check.ts';
import { checkControlPlane } from '../doctor/check-control-plane.ts';
import { checkDocker, type DockerWishes } from '../doctor/check-docker.ts';
import {
  checkClock,
  checkControlGroups,
  checkLocalNames,
  checkMemory,
  checkPort,
  checkStateFolder,
  checkUser,
} from '../doctor/check-machine.ts';
import { checkCertificates } from '../doctor/check-certificates.ts';
import { checkNode, checkPrograms } from '../doctor/check-programs.ts';
import {
  checkBackup,
  checkFrontPort,
  checkProxyHere,
  checkRoom,
  checkStateModes,
  checkTimeSync,
  checkUnits,
} from '../doctor/check-server.ts';
import { checkInterruptedUpgrade } from '../doctor/check-upgrade.ts';
import { exitCheckFailed, exitOk } from '../exit-codes.ts';
import { count, type Output } from '../output.ts';
import { padTo } from '../text-layout.ts';
import { defaultListen, dockerOption, parsePlace, stateFolderFor, type EngineOptions } from './serve.ts';

interface DoctorOptions extends ConnectionOptions, EngineOptions {
  readonly listen: string;
}

export function doctorCommand(command: Command, context: Context): void {
  command.option('--listen <host:port>', 'where a control plane would answer', defaultListen);
  command.option(...dockerOption);
  withConnection(command);
  withHelp(
    command,
    [
      ['lotse doctor', ''],
      ['lotse doctor --json', 'for scripts'],
    ],
    {
      ok: 'nothing keeps Lotse from working (1: something does)',
      errors: ['bad-input'],
    },
  );
  command.action(async (options: DoctorOptions) => {
    const checks = await examine(context, options);
    if (context.out.isJson) context.out.json(checks);
    else show(checks, context.out);
    context.exitCode = checks.some((check) => check.state === 'fail') ? exitCheckFailed : exitOk;
  });
}

async function examine(context: Context, options: DoctorOptions): Promise<readonly Check[]> {
  const connection = connectionOrNull(context, options);
  const { host, port } = parsePlace(options.listen, '--listen');
  const seen =
    connection === null
      ? { checks: [ok('control plane', 'none is named here; `lotse up` starts one')], serverMs: null }
      : await checkControlPlane(connection, serversOf(context));
  return [
    checkNode(process.version, process.execPath),
    ...(await Promise.all(checkPrograms(context.cwd))),
    checkUser(process.getuid?.()),
    checkStateFolder(stateFolderFor(context, options.state)),
    checkMemory(),
    checkControlGroups(process.platform),
    ...(await checkDocker(dockerWishes(context, options))),
    checkClock(Date.now(), seen.serverMs),
    await checkLocalNames(),
    await checkPort(host, port, () => isLotse(`http://${host}:${port}`)),
    ...(await checkServer(stateFolderFor(context, options.state))),
    ...seen.checks,
    ...(connection === null || seen.serverMs === null ? [] : await checkCertificates(connection, Date.now())),
    ...checkManifest(context),
  ];
}

/** What makes of a machine a server that Lotse stays on. */
async function checkServer(state: string): Promise<readonly Check[]> {
  const fronts = process.platform === 'linux' ? [80, 443].map((port) => checkFrontPort(port)) : [];
  const checks = [
    ...[checkRoom(), ...fronts, ...(await checkUnits()), await checkTimeSync()],
    ...[...checkStateModes(state), await checkProxyHere(state), checkBackup(state, Date.now())],
    checkInterruptedUpgrade(state),
  ];
  return checks.filter((check) => check !== null);
}

function dockerWishes(context: Context, options: DoctorOptions): DockerWishes {
  const host = options.docker ?? context.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  return { host, isNeeded: needsContainers(context) };
}

/** A lotse.yaml that cannot be read is said elsewhere. */
function needsContainers({ cwd }: Context): boolean {
  try {
    return readAppFolder(cwd, cwd).manifest.target === 'docker';
  } catch {
    return false;
  }
}

/** The machines that lotse.yaml names, of which some may be new. */
function serversOf({ cwd }: Context): readonly string[] {
  try {
    return [...new Set(readAppFolder(cwd, cwd).manifest.environments.flatMap(({ servers }) => servers))];
  } catch {
    return [];
  }
}

/** Null when none is named; one that is named wrongly is an error of its own. */
function connectionOrNull(context: Context, options: DoctorOptions): Connection | null {
  try {
    return findConnection(connectionInput(context, options));
  } catch (thrown) {
    if (thrown instanceof LotseError && thrown.code === 'unreachable') return null;
    throw thrown;
  }
}

async function isLotse(server: string): Promise<boolean> {
  const answer = await fetch(server + urlPath('/health', {}), { signal: AbortSignal.timeout(2000) }).catch(() => null);
  return answer?.ok === true;
}

function checkManifest(context: Context): readonly Check[] {
  const folder = findAppFolder(context.cwd);
  if (folder === null) return [];
  try {
    const { manifest } = readAppFolder(folder, context.cwd);
    const services = count(Object.keys(manifest.services).length, 'service');
    return [
      ok(
        'lotse.yaml',
        `app ${manifest.app}, ${services}, ${count(manifest.environments.length - 1, 'environment')} and dev`,
      ),
    ];
  } catch (thrown) {
    const error = toLotseError(thrown);
    return [fail('lotse.yaml', error.message, error.hint ?? 'docs/reference/manifest.md describes every key')];
  }
}

function show(checks: readonly Check[], out: Output): void {
  const width = Math.max(...checks.map((check) => check.name.length));
  for (const check of checks) {
    out.line(`${symbolOf(check, out)} ${padTo(check.name, width)}  ${check.found}`);
    if (check.advice !== null) out.line(`  ${' '.repeat(width)}  ${out.paint(check.advice, 'dim')}`);
  }
  const bad = checks.filter((check) => check.state === 'fail').length;
  const warnings = checks.filter((check) => check.state === 'warn').length;
  out.line();
  if (bad > 0) out.line(out.paint(`${count(bad, 'thing')} to repair.`, 'red', 'bold'));
  else
    out.line(
      `${out.paint('Lotse can work here.', 'green', 'bold')}${warnings === 0 ? '' : ` ${count(warnings, 'remark')}.`}`,
    );
}

function symbolOf(check: Check, out: Output): string {
  switch (check.state) {
    case 'ok':
      return out.paint(out.symbols.done, 'green');
    case 'warn':
      return out.paint(out.symbols.warning, 'yellow', 'bold');
    case 'fail':
      return out.paint(out.symbols.failed, 'red', 'bold');
  }
}
