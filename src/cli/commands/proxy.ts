import { userInfo } from 'node:os';
import { Argument, type Command } from 'commander';
import { LotseError } from '../../core/errors.ts';
import { parseDurationMs } from '../../core/quantities.ts';
import { upgradeToOwnBuild } from '../../proxy/start-proxy.ts';
import { withConnection, withHelp, type ConnectionOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { findRoutedEnvironment, localProxy, type RoutedName } from '../local-proxy.ts';
import { count } from '../output.ts';
import { harmless } from '../text-layout.ts';
import { proxyReport, showProxyReport } from './proxy-status.ts';

interface OrderOptions extends ConnectionOptions {
  readonly app?: string;
  readonly reason?: string;
}

interface MaintenanceOptions extends OrderOptions {
  readonly message: string;
}

interface SwitchOptions extends OrderOptions {
  readonly clear?: true;
}

interface ReplaceOptions extends ConnectionOptions {
  readonly grace: string;
}

const defaultMessage = 'We are working on it and will be back soon.';

/** Everything here speaks with the proxy itself, so it works while the control plane is down. */
export function proxyCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      ['lotse proxy', 'what the proxy on this machine does'],
      ['lotse proxy switch production v41 --reason "v42 loses orders"', 'while the control plane is down'],
      ['lotse proxy maintenance production on', ''],
    ],
    { ok: 'done', errors: ['bad-input', 'not-found', 'unreachable', 'timeout'] },
  );
  describeStatus(command.command('status', { isDefault: true }).summary('say what it does (may be left out)'), context);
  describeMaintenance(command.command('maintenance').summary('show or end a maintenance page'), context);
  describeSwitch(command.command('switch').summary('send all users of an environment to one revision'), context);
  describeReplace(command.command('replace-workers').summary('exchange its worker processes'), context);
  describeUpgrade(command.command('upgrade').summary('hand over to the proxy of the installed Lotse'), context);
}

function describeStatus(command: Command, context: Context): void {
  command.description('Say what the proxy on this machine does. Asks the proxy, not the control plane.');
  withConnection(command);
  withHelp(command, [['lotse proxy status --json', 'for scripts']], {
    ok: 'shown',
    errors: ['not-found', 'unreachable'],
  });
  command.action(async (options: ConnectionOptions) => {
    const { out } = context;
    const proxy = localProxy(context, options);
    const report = proxyReport(await proxy.status(), await proxy.document());
    if (out.isJson) out.json(report);
    else showProxyReport(report, out);
  });
}

function withOrder(command: Command): Command {
  return withConnection(command)
    .option('--app <name>', 'the app, where several have such an environment')
    .option('--reason <text>', 'why; shown until it is ended');
}

function describeMaintenance(command: Command, context: Context): void {
  command
    .description('Show users a maintenance page, whatever is released, until it is switched off.')
    .argument('<environment>', 'whose users')
    .addArgument(new Argument('<state>', 'show the page or end it').choices(['on', 'off']))
    .option('--message <text>', 'what the page says', defaultMessage);
  withOrder(command);
  withHelp(command, [['lotse proxy maintenance production on --message "Back at noon."', '']], {
    ok: 'it is in force in every worker',
    errors: ['bad-input', 'not-found', 'unreachable', 'timeout'],
  });
  command.action(async (environment: string, state: string, options: MaintenanceOptions) => {
    const { out } = context;
    const proxy = localProxy(context, options);
    const name = findRoutedEnvironment(await proxy.document(), environment, options.app, context);
    if (state === 'on') {
      const order = { kind: 'maintenance', message: options.message } as const;
      await proxy.override({ ...name, ...ordering(context, options), order });
    }
    const isCleared = state === 'off' && (await proxy.clearOverride(name, 'maintenance'));
    if (out.isJson) return out.json((await proxy.status()).overrides);
    if (state === 'on')
      return out.line(`${titleOf(name)} shows the maintenance page. ${untilEnded(name, 'maintenance')}`);
    const document = await proxy.document();
    const isStill = document?.environments.find((each) => isOf(each, name))?.mode.kind === 'maintenance';
    const ended = isCleared ? 'shows no maintenance page of yours any more' : 'had no maintenance page of yours';
    out.line(`${titleOf(name)} ${ended}.`);
    if (isStill) out.warn('The control plane itself has it on its maintenance page: nothing is released there.');
  });
}

function describeSwitch(command: Command, context: Context): void {
  command
    .description(
      'Send all users of an environment to one revision that still runs, over everything that the control plane says.',
    )
    .argument('<environment>', 'whose users')
    .argument('[to]', 'a release or a revision; `lotse proxy status` lists them')
    .option('--clear', 'end it: the control plane decides again');
  withOrder(command);
  withHelp(
    command,
    [
      ['lotse proxy switch production v41 --reason "v42 loses orders"', ''],
      ['lotse proxy switch production --clear', ''],
    ],
    { ok: 'it is in force in every worker', errors: ['bad-input', 'not-found', 'unreachable', 'timeout'] },
  );
  command.action(async (environment: string, to: string | undefined, options: SwitchOptions) => {
    refuseUnclear(to, options);
    const { out } = context;
    const proxy = localProxy(context, options);
    const name = findRoutedEnvironment(await proxy.document(), environment, options.app, context);
    if (to !== undefined)
      await proxy.override({ ...name, ...ordering(context, options), order: { kind: 'switch', to } });
    const isCleared = to === undefined && (await proxy.clearOverride(name, 'switch'));
    const { overrides } = await proxy.status();
    if (out.isJson) return out.json(overrides);
    const now = overrides.find((each) => isOf(each, name) && each.order.kind === 'switch')?.order;
    if (now?.kind === 'switch') {
      out.line(`All users of ${titleOf(name)} are sent to ${harmless(now.revision)}. ${untilEnded(name, 'switch')}`);
      out.note('A rollout that goes on meanwhile cannot become live, since users do not see it.');
    } else out.line(`${titleOf(name)} ${isCleared ? 'is' : 'was not switched here: it is'} as the control plane says.`);
  });
}

function refuseUnclear(to: string | undefined, options: SwitchOptions): void {
  if ((to === undefined) !== (options.clear === true))
    throw new LotseError('bad-input', 'Name where to switch to, or --clear, and not both');
  if (to !== undefined && (options.reason ?? '').trim() === '')
    throw new LotseError('bad-input', 'A switch needs a reason', {
      hint: 'Others will see it until the switch is ended: --reason "v42 loses orders".',
    });
}

function describeReplace(command: Command, context: Context): void {
  command
    .description('Exchange the worker processes of the proxy without losing a connection.')
    .option('--grace <duration>', 'how long the old ones may take for what is open', '10m');
  withConnection(command);
  withHelp(command, [['lotse proxy replace-workers', '']], {
    ok: 'new workers accept, the old ones finish what they have',
    errors: ['bad-input', 'not-found', 'unreachable', 'timeout'],
  });
  command.action(async (options: ReplaceOptions) => {
    const graceMs = parseDurationMs(options.grace);
    const proxy = localProxy(context, options);
    await proxy.replaceWorkers(graceMs);
    const { workers, drainingWorkers } = await proxy.status();
    const { out } = context;
    if (out.isJson) return out.json({ workers, drainingWorkers });
    out.line(
      `${count(workers.length, 'new worker')} accept connections; ${drainingWorkers} still finish what they have.`,
    );
  });
}

function describeUpgrade(command: Command, context: Context): void {
  command.description(
    'Hand everything over to a new process of the proxy, of the Lotse that this command belongs to, without losing a connection. When that one cannot serve, the old one goes on.',
  );
  withConnection(command);
  withHelp(command, [['lotse proxy upgrade', 'after Lotse or its Node.js was updated']], {
    ok: 'the new process serves, the old one finishes what it has',
    errors: ['not-found', 'conflict', 'unreachable', 'timeout'],
  });
  command.action(async (options: ConnectionOptions) => {
    const proxy = localProxy(context, options);
    const result = await upgradeToOwnBuild(proxy, process.execPath);
    const { out } = context;
    if (out.isJson) return out.json(result);
    const { build, pid, previous } = result;
    out.line(`The proxy is ${build} now (pid ${pid}); ${previous.build} (pid ${previous.pid}) finishes what it has.`);
  });
}

/** Who orders, and why. Under sudo it is the person, not root. */
function ordering({ env }: Context, { reason }: OrderOptions) {
  const { SUDO_USER: person = '' } = env;
  return { by: person === '' ? userInfo().username : person, reason: reason ?? null };
}

function titleOf({ app, environment }: RoutedName): string {
  return `${app}/${environment}`;
}

function isOf(a: RoutedName, b: RoutedName): boolean {
  return a.app === b.app && a.environment === b.environment;
}

function untilEnded({ app, environment }: RoutedName, kind: 'maintenance' | 'switch'): string {
  const end = kind === 'switch' ? `switch ${environment} --clear` : `maintenance ${environment} off`;
  return `It stays so until \`lotse proxy ${end} --app ${app}\`.`;
}
