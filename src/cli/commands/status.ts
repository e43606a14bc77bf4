import type { Command } from 'commander';
import type { EnvironmentViewModel, SlotView } from '../../capabilities/releases/releases-api.ts';
import { formatSizeRoughly } from '../../core/quantities.ts';
import { connectToApp, knownEnvironment, withApp, withHelp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { formatAgo, formatTime, type Output } from '../output.ts';
import { causeLines, waitingLines, rolloutTitle, stepLines } from '../rollout-lines.ts';
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
      return out.isJson ? out.json(view) : showEnvironment(view, out);
    }
    const views = await plane.environments();
    if (out.isJson) return out.json(views);
    showEnvironments(views, plane.app, out);
  });
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
    return out.paint(words, rollout.status === 'returning' ? 'red' : 'yellow');
  }
  if (rollout?.status === 'stranded') return out.paint('stranded', 'red', 'bold');
  switch (view.mode) {
    case 'maintenance':
      return out.paint('maintenance page', 'yellow');
    case 'paused':
      return out.paint('requests are held', 'yellow');
    case 'adopted':
      return 'what served before';
    case 'serving':
      return view.verified ? out.paint('verified', 'green') : out.paint('live', 'green');
  }
}

function overrideLine(
  view: EnvironmentViewModel,
  override: EnvironmentViewModel['overrides'][number],
  out: Output,
): string {
  const what = `${view.environment}: ${override.gate} was overridden by ${override.by}`;
  return `${out.paint(out.symbols.warning, 'yellow')} ${what}: ${harmless(override.reason)}`;
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
    ['rollback goes to', view.previousRelease ?? 'nothing: no release before'],
    ...(view.shares.length < 2 ? [] : [['shares', sharesOf(view)] as const]),
  ]);
  showServices(view, out);
  for (const override of view.overrides) out.line(overrideLine(view, override, out));
  const { rollout } = view;
  if (rollout === null) return;
  out.line();
  const under = hasEnded(rollout) ? 'Latest rollout' : 'Rollout under way';
  out.line(
    `${out.paint(under, 'bold')}  ${rollout.status}, started by ${rollout.startedBy} ${formatTime(rollout.startedAt)}`,
  );
  out.lines([rolloutTitle(rollout, out), ...stepLines(rollout, out, Date.now())]);
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
