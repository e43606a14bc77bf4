import type { Command } from 'commander';
import type { EnvironmentViewModel, SlotView } from '../../capabilities/releases/releases-api.ts';
import { formatSizeRoughly } from '../../core/quantities.ts';
import { problemLines } from '../certificate-lines.ts';
import { connectToApp, knownEnvironment, withApp, withHelp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { controlPlaneCalls, type ControlPlane } from '../control-plane.ts';
import { formatAgo, formatTime, type Output } from '../output.ts';
import { judgedInShort, judgedLines } from '../judge-lines.ts';
import { causeLines, waitingLines, rolloutTitle, stepLines } from '../rollout-lines.ts';
import { modeWords } from '../mode-words.ts';
import { personNames } from '../person-names.ts';
import { hasEnded } from '../rollout-standing.ts';
import { harmless, layOut } from '../text-layout.ts';

export function statusCommand(command: Command, context: Context): void {
  command.argument('[environment]', 'only this one, with its services and its rollout');
  withApp(command);
  withHelp(
    command,
    [
      ['lotse status', 'all environments of the app'],
      ['lotse status production', 'one of them in full'],
      ['lotse status --json', 'for scripts'],
    ],
    { ok: 'shown', errors: ['unauthenticated', 'not-found', 'unreachable'] },
  );
  command.action(async (environment: string | undefined, options: AppOptions) => {
    const plane = await connectToApp(context, options);
    const { out } = context;
    if (environment !== undefined) {
      const view = await knownEnvironment(plane, environment);
      if (out.isJson) return out.json(view);
      showEnvironment(withNames(view, await personNames(plane.client)), out);
      return await showCertificates(plane, environment, out);
    }
    const views = await plane.environments();
    if (out.isJson) return out.json(views);
    const nameOf = await personNames(plane.client);
    const named = views.map((view) => withNames(view, nameOf));
    showEnvironments(named, plane.app, out);
    await showCertificates(plane, null, out);
  });
}

/** For people: names in place of ids. */
function withNames(view: EnvironmentViewModel, nameOf: (id: string) => string): EnvironmentViewModel {
  const { rollout, overrides } = view;
  return {
    ...view,
    rollout: rollout === null ? null : { ...rollout, startedBy: nameOf(rollout.startedBy) },
    overrides: overrides.map((override) => ({ ...override, by: nameOf(override.by) })),
  };
}

/** Only what is wrong with them. A control plane that knows none has nothing to say. */
async function showCertificates(plane: ControlPlane, environment: string | null, out: Output): Promise<void> {
  const known = await controlPlaneCalls.certificates(plane.client).catch(() => null);
  const own = known?.certificates.filter(
    (each) => each.app === plane.app && (environment === null || each.environment === environment),
  );
  out.lines(problemLines(own ?? [], out, Date.now()));
}

function showEnvironments(views: readonly EnvironmentViewModel[], app: string, out: Output): void {
  if (views.length === 0) return out.line(`${app} has no environment yet: \`lotse deploy\` brings it to one.`);
  const now = Date.now();
  const rows = views.map((view) => [
    out.paint(view.environment, 'bold'),
    view.release ?? out.paint('nothing yet', 'dim'),
    stateOf(view, out),
    view.since === null ? '' : formatAgo(view.since, now),
    view.addresses[0] ?? '',
  ]);
  out.table(['environment', 'release', 'state', 'since', 'address'], rows);
  for (const view of views) {
    for (const override of view.overrides) out.line(overrideLine(view, override, out));
    for (const order of view.proxyOrders) out.line(orderLine(view, order, out));
  }
}

/** A few words: what users get, and what moves. */
function stateOf(view: EnvironmentViewModel, out: Output): string {
  const { rollout } = view;
  if (rollout !== null && !hasEnded(rollout)) {
    const words =
      rollout.status === 'watching'
        ? `${view.verified ? 'verified' : 'live'}, watching`
        : `${rollout.status} ${rollout.release}`;
    const judged = judgedInShort(rollout);
    return out.paint(
      judged === null ? words : `${words}: ${judged}`,
      rollout.status === 'returning' ? 'red' : 'yellow',
    );
  }
  if (rollout?.status === 'stranded') return out.paint('stranded', 'red', 'bold');
  return modeWords(view.mode, view.verified ? 'verified' : 'live', out);
}

function overrideLine(
  view: EnvironmentViewModel,
  override: EnvironmentViewModel['overrides'][number],
  out: Output,
): string {
  const what = `${view.environment}: ${override.gate} was overridden by ${override.by}`;
  return `${out.paint(out.symbols.warning, 'yellow')} ${what}: ${harmless(override.reason)}`;
}

/** Whatever else is said of the environment, this is what its users get. */
function orderLine(
  view: EnvironmentViewModel,
  order: EnvironmentViewModel['proxyOrders'][number],
  out: Output,
): string {
  const what = order.kind === 'switch' ? `all users to ${order.revision}` : 'the maintenance page to all users';
  const why = order.reason === null ? '' : `: ${harmless(order.reason)}`;
  const text = `${view.environment}: by order of ${harmless(order.by)} the proxy sends ${what}${why}`;
  return `${out.paint(out.symbols.warning, 'yellow')} ${text} (\`lotse proxy\` ends it)`;
}

function showEnvironment(view: EnvironmentViewModel, out: Output): void {
  out.line(`${out.paint(view.environment, 'bold')}  ${view.release ?? 'nothing yet'}  ${stateOf(view, out)}`);
  out.line();
  out.pairs([
    ...(view.addresses.length === 0 ? [] : [['addresses', view.addresses.join('  ')] as const]),
    ...(view.since === null
      ? []
      : [['since', `${formatTime(view.since)}  (${formatAgo(view.since, Date.now())})`] as const]),
    ...(view.after === null ? [] : [['after', view.after] as const]),
    ...(view.upstream === null ? [] : [['adopted as r0', view.upstream] as const]),
    ['rollback goes to', view.previousRelease ?? 'nothing: no release before'],
    ...(view.shares.length < 2 ? [] : [['shares', sharesOf(view)] as const]),
  ]);
  showServices(view, out);
  for (const override of view.overrides) out.line(overrideLine(view, override, out));
  for (const order of view.proxyOrders) out.line(orderLine(view, order, out));
  const { rollout } = view;
  if (rollout === null) return;
  out.line();
  const under = hasEnded(rollout) ? 'Latest rollout' : 'Rollout under way';
  out.line(
    `${out.paint(under, 'bold')}  ${rollout.status}, started by ${rollout.startedBy} ${formatTime(rollout.startedAt)}`,
  );
  out.lines([rolloutTitle(rollout, out), ...stepLines(rollout, out, Date.now())]);
  if (rollout.judged !== null) {
    out.line();
    out.line(`${out.paint('The judge', 'bold')}  looked ${formatAgo(rollout.judged.at, Date.now())}`);
    out.lines(judgedLines(rollout, out));
  }
  out.lines(waitingLines(rollout.waitingFor, out));
  if (rollout.cause !== null) out.lines(causeLines(rollout.cause, out));
  for (const note of rollout.notes) out.line(`  ${out.paint(`note: ${harmless(note)}`, 'dim')}`);
}

function sharesOf(view: EnvironmentViewModel): string {
  return view.shares.map((share) => `${share.release} ${share.permille / 10} %`).join(', ');
}

function showServices(view: EnvironmentViewModel, out: Output): void {
  const rows = view.services.flatMap(({ service, kind, slots }) =>
    slots.map((slot) => [
      `${service}.${slot.slot}`,
      out.paint(kind, 'dim'),
      slotState(slot, out),
      slot.revision,
      slot.server ?? '',
      slot.pid === null ? '' : `pid ${slot.pid}`,
      slot.memoryBytes === null ? '' : formatSizeRoughly(slot.memoryBytes),
      slot.startedAt === null ? '' : formatAgo(slot.startedAt, Date.now()),
      slot.unexpectedExits === 0 ? '' : out.paint(`${slot.unexpectedExits} unexpected exits`, 'yellow'),
      slot.note === null ? '' : harmless(slot.note),
    ]),
  );
  if (rows.length === 0) return;
  out.line();
  out.lines(layOut(rows));
}

function slotState(slot: SlotView, out: Output): string {
  switch (slot.state) {
    case 'ready':
      return out.paint('ready', 'green');
    case 'starting':
    case 'stopping':
      return out.paint(slot.state, 'cyan');
    case 'unready':
    case 'restarting':
      return out.paint(slot.state, 'yellow');
    case 'gave-up':
      return out.paint('gave up', 'red');
  }
}
