import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { LotseError } from '../../core/errors.ts';
import { withHelp, withJson } from '../command-options.ts';
import type { Context } from '../context.ts';
import { applyInstall, type InstallSteps } from '../install/apply-install.ts';
import { findMissing, findProgram, type Missing } from '../install/find-missing.ts';
import { planInstall, type InstallPlan } from '../install/plan-install.ts';
import type { Installation } from '../install/unit-files.ts';
import { installedStateFolder } from '../state-folder.ts';
import {
  defaultListen,
  dockerOption,
  engineArguments,
  parsePlace,
  placeArguments,
  type PlaceOptions,
} from './serve.ts';

interface InstallOptions extends PlaceOptions {
  readonly state: string;
  readonly http: string;
  readonly https?: string;
  readonly docker?: string;
  readonly root?: string;
  readonly dryRun?: true;
}

/** Where systemd itself looks (systemd.exec(5)). */
const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function installCommand(command: Command, context: Context): void {
  command
    .option('--state <folder>', 'where everything is kept', installedStateFolder)
    .option('--listen <host:port>', 'where the API and the dashboard answer', defaultListen)
    .option('--http <host:port>', 'where the apps answer by name', '0.0.0.0:80')
    .option('--https <port>', 'where they answer encrypted, on the same address')
    .option(...dockerOption)
    .option('--root <folder>', 'install into an image that lies in this folder, and start nothing')
    .option('--dry-run', 'say what would be done, and do nothing')
    .usage('[options] [-- <options of the control plane>]');
  withJson(command);
  withHelp(
    command,
    [
      ['lotse install --dry-run', 'what it would write and run'],
      ['sudo lotse install', 'units for systemd, a user, and the state in /var/lib/lotse'],
      ['sudo lotse install --https 443 -- --acme-email ops@shop.example', 'with certificates that come by themselves'],
      ['sudo lotse install --http 127.0.0.1:8080', 'while another program has port 80'],
    ],
    {
      ok: 'it is as it shall be, also when it was before',
      errors: ['bad-input', 'forbidden', 'conflict', 'disk-full', 'internal'],
    },
  );
  command.action(async (options: InstallOptions) => {
    await install(context, options);
  });
}

async function install(context: Context, options: InstallOptions): Promise<void> {
  const root = options.root === undefined ? null : resolve(context.cwd, options.root);
  const installation = installationOf(context, options);
  const missing = findMissing(installation, {
    ...{ root, uid: process.getuid?.(), platform: process.platform, fronts: frontsOf(options) },
  });
  const plan = planInstall(installation, root);
  if (options.dryRun === true) return showPlan(context, plan, missing);
  refuse(missing.filter(({ isNeeded }) => isNeeded));
  const { out } = context;
  for (const { what, advice } of missing) out.warn(`${what}: ${advice}`);
  await applyInstall(plan, root !== null, reportTo(context));
  if (out.isJson) return out.json({ files: plan.files.map(({ target, change }) => ({ file: target, change })) });
  out.line();
  if (root !== null) return out.line(`${root} has it; it starts with the image.`);
  out.line(`${out.paint('Lotse is installed', 'green', 'bold')}, and starts with the machine.`);
  out.line(`Sign in to the dashboard: lotse sign-in --state ${installation.state}`);
  out.line(`How it stands: lotse doctor --state ${installation.state}`);
}

function installationOf(context: Context, options: InstallOptions): Installation {
  const state = resolve('/', options.state);
  if (state === '/') throw new LotseError('bad-input', '--state / would be the whole machine');
  const tls = options.https === undefined ? [] : ['--front-tls-port', `${portOf(options.https)}`];
  return {
    ...{ nodePath: process.execPath, mainFile: programFile('main'), proxyFile: programFile('proxy/proxy') },
    ...{ state, proxyWorkers: Math.min(2, availableParallelism()), searchPath: searchPath(context) },
    engineArguments: engineArguments(options.docker === undefined ? {} : { docker: options.docker }),
    serveArguments: [...placeArguments(options), ...tls, ...(context.passedOn ?? [])],
  };
}

/** Of the same clone or package as this file; TypeScript there, JavaScript when it is compiled. */
function programFile(name: string): string {
  const sources = fileURLToPath(new URL(`../../${name}.ts`, import.meta.url));
  return existsSync(sources) ? sources : fileURLToPath(new URL(`../../${name}.js`, import.meta.url));
}

/** npm may lie where only the PATH of whoever installs leads. */
function searchPath({ env }: Context): string {
  if (findProgram('npm', systemPath) !== null) return systemPath;
  const npm = findProgram('npm', env.PATH ?? '');
  return npm === null ? systemPath : `${systemPath}:${dirname(npm)}`;
}

function frontsOf({ http, https }: InstallOptions): Readonly<Record<string, number>> {
  return { '--http': parsePlace(http, '--http').port, ...(https === undefined ? {} : { '--https': portOf(https) }) };
}

function portOf(written: string): number {
  const port = /^\d{1,5}$/.test(written) ? Number(written) : 0;
  if (port > 0 && port < 65_536) return port;
  throw new LotseError('bad-input', `--https takes a port from 1 to 65535, not ${JSON.stringify(written)}`);
}

function refuse(missing: readonly Missing[]): void {
  const [first] = missing;
  if (first === undefined) return;
  throw new LotseError('conflict', `Lotse cannot be installed here: ${first.what}`, {
    hint: `${first.advice}. Nothing was written; \`lotse install --dry-run\` shows what would be.`,
    details: missing.slice(1).map(({ what, advice }) => `${what}: ${advice}`),
  });
}

function reportTo({ out }: Context): InstallSteps {
  const done = out.paint(out.symbols.done, 'green');
  return {
    wrote: ({ target, change }) =>
      out.line(`${done} ${target}${change === 'same' ? out.paint('  as it was', 'dim') : ''}`),
    ran: ({ argv, why }) => out.line(`${done} ${argv.join(' ')}  ${out.paint(why, 'dim')}`),
    left: ({ argv }, why) => out.warn(`${argv.join(' ')}: ${why}`),
  };
}

function showPlan({ out }: Context, plan: InstallPlan, missing: readonly Missing[]): void {
  if (out.isJson) return out.json({ ...plan, missing });
  for (const { what, advice, isNeeded } of missing) out.warn(`${what}: ${advice}${isNeeded ? ' (needed)' : ''}`);
  for (const { target, change, content } of plan.files) {
    out.line(`${out.paint(change === 'same' ? 'leave' : 'write', 'bold')} ${target}`);
    if (change !== 'same')
      out.lines(
        content
          .trimEnd()
          .split('\n')
          .map((each) => out.paint(`    ${each}`, 'dim')),
      );
  }
  for (const { argv, why } of plan.commands)
    out.line(`${out.paint('run', 'bold')}   ${argv.join(' ')}  ${out.paint(why, 'dim')}`);
  out.line();
  out.line('Nothing was written.');
}
