import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { LotseError } from '../../core/errors.ts';
import { findProxy } from '../../proxy/start-proxy.ts';
import { withHelp, withJson } from '../command-options.ts';
import type { Context } from '../context.ts';
import { dropInName, proxyUser, unitNames } from '../install/unit-files.ts';
import { appProcesses } from '../install/what-runs.ts';
import { count } from '../output.ts';
import { runProgram } from '../run-program.ts';
import { installedStateFolder } from '../state-folder.ts';

interface UninstallOptions {
  readonly state: string;
  readonly data?: true;
  readonly yes?: string;
  readonly root?: string;
  readonly dryRun?: true;
}

/** What goes on when the services are gone. */
interface Running {
  readonly proxyPid: number | null;
  /** `shop/production web: 2 processes (4711, 4712)`. */
  readonly apps: readonly string[];
}

export function uninstallCommand(command: Command, context: Context): void {
  command
    .option('--state <folder>', 'where everything is kept', installedStateFolder)
    .option('--data', 'delete the state folder too, with all that apps keep in it')
    .option('--yes <folder>', 'with --data: the state folder once more, instead of the question')
    .option('--root <folder>', 'take it out of an image that lies in this folder')
    .option('--dry-run', 'say what would be done, and do nothing');
  withJson(command);
  withHelp(
    command,
    [
      ['lotse uninstall --dry-run', 'what it would take away'],
      ['sudo lotse uninstall', 'apps and proxy go on serving, and it says which'],
      ['sudo lotse uninstall --data --yes /var/lib/lotse', 'when nothing runs any more'],
    ],
    {
      ok: 'the services are gone, also when there were none',
      errors: ['bad-input', 'forbidden', 'conflict', 'cancelled', 'internal'],
    },
  );
  command.action(async (options: UninstallOptions) => {
    await uninstall(context, options);
  });
}

async function uninstall(context: Context, options: UninstallOptions): Promise<void> {
  const { out } = context;
  const root = options.root === undefined ? null : resolve(context.cwd, options.root);
  const state = resolve('/', options.state);
  const running = root === null ? await whatRuns(state) : { proxyPid: null, apps: [] };
  if (options.data === true) await confirmData(context, join(root ?? '/', state), running, options);
  const files = installedPaths(root).filter((file) => existsSync(file));
  const deleted = [...files, ...(options.data === true ? [join(root ?? '/', state)] : [])];
  if (options.dryRun !== true) await takeAway(files, deleted, root);
  if (out.isJson) return out.json({ deleted, goesOn: running, isDone: options.dryRun !== true });
  out.lines(
    deleted.map((file) => `${out.paint(options.dryRun === true ? 'delete' : out.symbols.done, 'green')} ${file}`),
  );
  if (deleted.length === 0) out.line('Lotse was not installed here.');
  sayWhatGoesOn(context, state, running, options);
}

function installedPaths(root: string | null): readonly string[] {
  const paths = [
    ...unitNames.map((name) => `/etc/systemd/system/${name}`),
    ...['sysusers', 'tmpfiles'].map((kind) => `/etc/${kind}.d/${dropInName}`),
  ];
  return paths.map((path) => join(root ?? '/', path));
}

async function whatRuns(state: string): Promise<Running> {
  const proxy = existsSync(join(state, 'proxy')) ? await findProxy(join(state, 'proxy')) : null;
  const pids = new Map<string, readonly number[]>();
  for (const { pid, app, environment, service } of appProcesses(state)) {
    const name = `${app}/${environment} ${service ?? '(a job)'}`;
    pids.set(name, [...(pids.get(name) ?? []), pid]);
  }
  const apps = [...pids].map(
    ([name, all]) => `${name}: ${count(all.length, 'process', 'processes')} (${all.join(', ')})`,
  );
  return { proxyPid: proxy === null ? null : (await proxy.status()).pid, apps };
}

/** Nothing is deleted under what runs. Errors: `conflict`, `bad-input`, `cancelled`. */
async function confirmData(
  context: Context,
  folder: string,
  running: Running,
  options: UninstallOptions,
): Promise<void> {
  if (running.proxyPid !== null || running.apps.length > 0) {
    throw new LotseError('conflict', `${folder} is in use, so it is not deleted`, {
      hint: 'Stop each environment first (`lotse down production`), then the proxy (`systemctl stop lotse-proxy`).',
      details: [...running.apps, ...(running.proxyPid === null ? [] : [`the proxy (process ${running.proxyPid})`])],
    });
  }
  if (options.dryRun === true || options.yes === folder) return;
  if (options.yes !== undefined || !context.canAsk) {
    throw new LotseError('bad-input', `Deleting ${folder} needs its name once more: --yes ${folder}`, {
      hint: 'It holds releases, secrets, the journal and the stores of all apps. `lotse backup create` copies all but the stores.',
    });
  }
  const { text, isCancel } = await import('@clack/prompts');
  const answer = await text({ message: `This deletes ${folder}, with all that apps keep there. Its name once more:` });
  if (isCancel(answer) || answer.trim() !== folder) throw new LotseError('cancelled', 'Nothing was deleted.');
}

/** The control plane ends; the proxy serves on until somebody stops it, and so do the apps. */
async function takeAway(files: readonly string[], deleted: readonly string[], root: string | null): Promise<void> {
  const [proxy, boot, controlPlane] = unitNames;
  if (files.length > 0 && root === null) {
    await systemctl('disable', '--now', controlPlane, boot);
    await systemctl('disable', proxy);
  } else if (files.length > 0) await systemctl(`--root=${root}`, 'disable', ...unitNames);
  for (const path of deleted) rmSync(path, { recursive: true });
  if (files.length > 0 && root === null) await systemctl('daemon-reload');
}

async function systemctl(...words: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runProgram(['systemctl', ...words], { cwd: '/', timeoutMs: 240_000 });
  if (exitCode === 0) return;
  throw new LotseError('internal', `\`systemctl ${words.join(' ')}\` failed (exit code ${exitCode})`, {
    details: stderr.trim().split('\n'),
  });
}

function sayWhatGoesOn({ out }: Context, state: string, { proxyPid, apps }: Running, options: UninstallOptions): void {
  if (proxyPid !== null || apps.length > 0) {
    out.line();
    out.line('This goes on running, until the machine restarts:');
    out.lines(apps.map((app) => `  ${app}`));
    if (proxyPid !== null)
      out.line(`  the proxy, which serves them (process ${proxyPid}): \`kill ${proxyPid}\` ends it`);
    out.line('`lotse serve` takes all of it over again. Containers of apps: `docker ps --filter label=lotse.state`.');
  }
  if (options.data !== true && existsSync(state)) out.line(`The state stays in ${state}.`);
  else if (options.data === true) out.line(`The user ${proxyUser} stays: \`userdel ${proxyUser}\`.`);
}
