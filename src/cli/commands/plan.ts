import type { Command } from 'commander';
import type { PlanView } from '../../capabilities/releases/releases-api.ts';
import { LotseError } from '../../core/errors.ts';
import { formatElapsedMs } from '../../core/quantities.ts';
import { connectToApp, withApp, withHelp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { Output } from '../output.ts';
import { canaryLines } from '../judge-lines.ts';
import { gateLines } from '../rollout-lines.ts';
import { harmless, layOut } from '../text-layout.ts';

interface PlanOptions extends AppOptions {
  readonly release?: string;
  readonly rollback?: true;
}

export function planCommand(command: Command, context: Context): void {
  command
    .argument('<environment>', 'where the rollout would go')
    .option(
      '--release <id>',
      'this release, instead of what the environment before has verified or what was built last',
    )
    .option('--rollback', 'a way back instead: to --release, or to the release before');
  withApp(command);
  withHelp(
    command,
    [
      ['lotse plan production', 'each step, its way back, its deadline, the gates'],
      ['lotse plan production --rollback', 'what a rollback would do'],
    ],
    { ok: 'the plan is shown; nothing was touched', errors: ['bad-input', 'not-found', 'conflict', 'unreachable'] },
  );
  command.action(async (environment: string, options: PlanOptions) => {
    const plane = await connectToApp(context, options);
    const release = options.release ?? (await releaseMeant(plane, environment, options));
    const plan = await plane.plan(environment, {
      rollback: options.rollback ?? false,
      ...(release === null ? {} : { release }),
    });
    if (context.out.isJson) context.out.json(plan);
    else showPlan(plan, context.out);
  });
}

/** Null leaves the choice to the control plane; where nothing comes before, it is what was built last. */
async function releaseMeant(plane: ControlPlane, environment: string, options: PlanOptions): Promise<string | null> {
  if (options.rollback === true) return null;
  const known = (await plane.environments()).find((each) => each.environment === environment);
  if (known !== undefined && known.after !== null) return null;
  const newest = (await plane.releases()).toSorted((a, b) => b.number - a.number)[0];
  if (newest !== undefined) return newest.id;
  throw new LotseError('not-found', `${plane.app} has no release yet`, { hint: '`lotse deploy` makes the first one.' });
}

export function showPlan(plan: PlanView, out: Output): void {
  const before = plan.before === null ? 'nothing served before' : `takes the place of ${plan.before}`;
  const kind = plan.kind === 'rollback' ? 'back to ' : '';
  out.line(
    `${out.paint(plan.environment, 'bold')}  ${kind}${out.paint(plan.release, 'cyan')}  ${out.paint(`${plan.strategy}, ${before}`, 'dim')}`,
  );
  out.line(out.paint(`about ${formatElapsedMs(plan.expectedMs)}; nothing was touched`, 'dim'));
  section(out, 'Shares of users', canaryLines(plan, out));
  section(out, 'Steps', stepRows(plan, out));
  section(out, 'Gates', gateLines(plan.gates, out));
  section(out, 'What changes', diffRows(plan, out));
  section(
    out,
    'Gates that this release would weaken',
    plan.weakens.map((one) => `  ${out.paint(out.symbols.warning, 'yellow')} ${one.gate}: ${one.from} → ${one.to}`),
  );
  section(
    out,
    'Notes',
    plan.notes.map((note) => `  ${harmless(note)}`),
  );
  const unproven = plan.gates.filter((gate) => gate.state === 'not-proven');
  if (unproven.length === 0) return;
  out.line();
  out.line(`${out.paint('not proven', 'red', 'bold')}  ${unproven.map((gate) => gate.title).join(', ')}`);
  for (const gate of unproven)
    out.line(`  lotse override ${plan.environment} ${gate.gate} --reason "…"   goes on all the same`);
}

function section(out: Output, title: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  out.line();
  out.line(out.paint(title, 'bold'));
  out.lines(lines);
}

function stepRows(plan: PlanView, out: Output): readonly string[] {
  const head = ['  ', 'PHASE', 'STEP', 'TAKES', 'WITHIN', 'WAY BACK'].map((word) => out.paint(word, 'dim'));
  const rows = plan.steps.map((step, index) => [
    `  ${out.paint(`${index + 1}`.padStart(2), 'dim')}`,
    out.paint(step.phase, 'dim'),
    harmless(step.title),
    step.expectedMs === 0 ? '' : `~${formatElapsedMs(step.expectedMs)}`,
    formatElapsedMs(step.deadlineMs),
    out.paint(harmless(step.compensation ?? '–'), 'dim'),
  ]);
  return layOut([head, ...rows]);
}

function diffRows(plan: PlanView, out: Output): readonly string[] {
  const value = (text: string | null) => (text === null ? out.paint('–', 'dim') : harmless(text));
  return layOut(
    plan.diff.map((one) => [
      `  ${out.paint(one.part, 'dim')}`,
      one.what,
      `${value(one.from)} → ${value(one.to)}`,
      ...(one.source === undefined ? [] : [out.paint(harmless(one.source), 'dim')]),
    ]),
  );
}
