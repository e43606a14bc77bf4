import type { GateResultView, RolloutView, StepView } from '../capabilities/releases/releases-api.ts';
import { formatElapsedMs } from '../core/quantities.ts';
import { formatTime, type Output } from './output.ts';
import { harmless, layOut } from './text-layout.ts';

type Cause = NonNullable<RolloutView['cause']>;

/** The list of steps as it stands: what is done and how long it took, what runs, what comes. `nowMs` null: for good. */
export function stepLines(rollout: RolloutView, out: Output, nowMs: number | null): readonly string[] {
  const rows = rollout.steps.map((step) => [
    `  ${symbolOf(step, out, nowMs)} ${titleOf(step, out)}`,
    timeOf(step, out, nowMs),
  ]);
  return layOut(rows);
}

/** What stands over the list. */
export function rolloutTitle(rollout: RolloutView, out: Output): string {
  const before = rollout.before === null ? 'first release here' : `before: ${rollout.before}`;
  const kind = rollout.kind === 'rollback' ? 'back to ' : '';
  const name = out.paint(rollout.environment, 'bold');
  return `${name}  ${kind}${out.paint(rollout.release, 'cyan')}  ${out.paint(`${rollout.strategy}, ${before}`, 'dim')}`;
}

/** One line of a log that nobody watches: `staging  ✓ start r7-a1b2c3d  4.1s`. */
export function stepLine(rollout: RolloutView, step: StepView, out: Output): string {
  const isTimed = step.state === 'done' && step.startedAt !== null && step.endedAt !== null;
  const took = isTimed ? formatElapsedMs((step.endedAt ?? 0) - (step.startedAt ?? 0)) : '';
  const title = step.state === 'undone' ? (step.compensation ?? step.title) : step.title;
  return `${rollout.environment}  ${symbolOf(step, out, null)} ${harmless(title)}  ${out.paint(took, 'dim')}`.trimEnd();
}

function symbolOf(step: StepView, out: Output, nowMs: number | null): string {
  const { symbols, paint } = out;
  switch (step.state) {
    case 'done':
      return paint(symbols.done, 'green');
    case 'failed':
      return paint(symbols.failed, 'red');
    case 'running':
      return paint(spin(out, nowMs), 'cyan');
    case 'undoing':
      return paint(spin(out, nowMs), 'yellow');
    case 'undone':
      return paint(symbols.undone, 'yellow');
    case 'skipped':
      return paint(symbols.skipped, 'dim');
    case 'next':
      return paint(symbols.next, 'dim');
  }
}

/** One picture each 100 ms; a still one without a time. */
export function spin(out: Output, nowMs: number | null): string {
  if (nowMs === null) return out.symbols.running;
  const { spinner } = out.symbols;
  return spinner[Math.floor(nowMs / 100) % spinner.length] ?? '';
}

function titleOf(step: StepView, out: Output): string {
  const isBack = step.state === 'undoing' || step.state === 'undone';
  const title = harmless(isBack ? (step.compensation ?? step.title) : step.title);
  return step.state === 'next' || step.state === 'skipped' ? out.paint(title, 'dim') : title;
}

function timeOf(step: StepView, out: Output, nowMs: number | null): string {
  if (step.state === 'undone' || step.state === 'undoing' || step.state === 'failed') return '';
  if (step.state === 'skipped' || step.startedAt === null) {
    return step.state === 'next' && step.expectedMs > 0 ? out.paint(`~${formatElapsedMs(step.expectedMs)}`, 'dim') : '';
  }
  const untilMs = step.endedAt ?? nowMs;
  if (untilMs === null) return out.paint(`of ${formatElapsedMs(step.expectedMs)}`, 'dim');
  const elapsed = formatElapsedMs(untilMs - step.startedAt);
  return step.endedAt === null ? out.paint(elapsed, 'cyan') : elapsed;
}

/** Why it turned back: the reason, and the last lines that the release has written. */
export function causeLines(cause: Cause, out: Output): readonly string[] {
  const blame = cause.inRelease ? 'the release is in quarantine now' : 'the release is not to blame';
  const log = cause.logTail.map((line) => `    ${out.paint('│', 'red')} ${harmless(line)}`);
  return [
    `  ${out.paint(out.symbols.failed, 'red', 'bold')} ${harmless(cause.message)}`,
    `    ${out.paint(`at step ${cause.step}; ${blame}`, 'dim')}`,
    ...(log.length === 0 ? [] : [`    ${out.paint('its last lines:', 'dim')}`, ...log]),
  ];
}

export function gateLines(gates: readonly GateResultView[], out: Output): readonly string[] {
  return layOut(gates.map((gate) => [`  ${gateSymbol(gate, out)}`, gate.title, gateText(gate, out)]));
}

/** Those that keep it from going on. */
export function shutGates(gates: readonly GateResultView[]): readonly GateResultView[] {
  return gates.filter((gate) => gate.state !== 'open' && gate.state !== 'overridden');
}

/** What keeps it from going on, and how many other gates hold. */
export function waitingLines(gates: readonly GateResultView[], out: Output): readonly string[] {
  const shut = shutGates(gates);
  const held = gates.length - shut.length;
  const rest = held === 0 ? [] : [`  ${out.paint(`${out.symbols.done}  ${held} other gates hold`, 'dim')}`];
  return [...gateLines(shut, out), ...rest];
}

function gateSymbol(gate: GateResultView, out: Output): string {
  switch (gate.state) {
    case 'open':
      return out.paint(out.symbols.done, 'green');
    case 'overridden':
      return out.paint(out.symbols.warning, 'yellow', 'bold');
    case 'waiting':
      return out.paint(out.symbols.next, 'yellow');
    case 'closed':
    case 'not-proven':
      return out.paint(out.symbols.failed, 'red');
  }
}

function gateText(gate: GateResultView, out: Output): string {
  const words = gate.state === 'not-proven' ? `${out.paint('not proven', 'red')}  ` : '';
  const opens = gate.opensAt === null ? '' : ` (opens ${formatTime(gate.opensAt)})`;
  return `${words}${harmless(gate.message)}${opens}`;
}
