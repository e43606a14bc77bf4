import type { EnvironmentViewModel, RolloutView } from '../capabilities/releases/releases-api.ts';
import { formatElapsedMs } from '../core/quantities.ts';
import type { Output } from './output.ts';
import { causeLines, waitingLines } from './rollout-lines.ts';
import type { Standing } from './rollout-standing.ts';
import { harmless, layOut } from './text-layout.ts';

export interface Report {
  readonly rollout: RolloutView;
  readonly standing: Standing;
  /** Where it is reached; null when the control plane could not be asked. */
  readonly environment: EnvironmentViewModel | null;
}

/** Says how a rollout stands and, where a person is needed, what to do. */
export function reportStanding(report: Report, out: Output): void {
  const { rollout, standing } = report;
  switch (standing.kind) {
    case 'live':
    case 'settled':
      reportLive(report, standing.isVerified, out);
      break;
    case 'returned':
      reportReturned(rollout, out);
      break;
    case 'stranded':
      reportStranded(rollout, out);
      break;
    case 'waiting':
      out.line(`${out.paint(out.symbols.next, 'yellow', 'bold')} ${rollout.environment} waits  ${rollout.release}`);
      out.lines(waitingLines(standing.gates, out));
      out.lines(gateAdvice(rollout, standing));
      break;
    case 'paused':
      out.line(`${out.paint(out.symbols.next, 'yellow', 'bold')} ${rollout.environment} paused  ${rollout.release}`);
      out.lines(pauseLines(rollout, out));
      out.line(`  lotse resume ${rollout.environment}   goes on`);
      out.line(`  lotse cancel ${rollout.environment}   takes it back`);
      break;
    case 'under-way':
      break;
  }
  for (const note of rollout.notes) out.line(`  ${out.paint(`note: ${harmless(note)}`, 'dim')}`);
}

/** Who holds it, why, and when it goes back by itself. */
function pauseLines({ pause }: RolloutView, out: Output): readonly string[] {
  if (pause === null) return [];
  const why = pause.reason === null ? '' : `: ${harmless(pause.reason)}`;
  const left = formatElapsedMs(Math.max(0, pause.until - Date.now()));
  return [`  by ${harmless(pause.by)}${why}`, `  ${out.paint(`goes back by itself in ${left}`, 'dim')}`];
}

/** `production verified  r7-a1b2c3d  http://shop.localhost:7080`: scripts look for this line. */
function reportLive({ rollout, standing, environment }: Report, isVerified: boolean, out: Output): void {
  const address = environment?.addresses[0] ?? '';
  if (rollout.kind === 'rollback') return sayBackOn(rollout.environment, rollout.release, address, out);
  out.line(liveLine(rollout.environment, rollout.release, isVerified, address, out));
  const watch = rollout.steps.find((step) => step.phase === 'watch' && step.state !== 'done');
  if (standing.kind === 'live' && watch !== undefined) {
    const leftMs = watch.expectedMs - (watch.startedAt === null ? 0 : Date.now() - watch.startedAt);
    const warm = rollout.before === null ? '' : `; ${rollout.before} stays warm until then`;
    out.line(`  ${out.paint(`watched for another ${formatElapsedMs(leftMs)}${warm}`, 'dim')}`);
  }
}

/** A deploy that was turned around has come back to where it started. */
export function sayBack(rollout: RolloutView, environment: EnvironmentViewModel | null, out: Output): void {
  if (rollout.before !== null) {
    return sayBackOn(rollout.environment, rollout.before, environment?.addresses[0] ?? '', out);
  }
  out.line(`${out.paint(`${rollout.environment} returned`, 'green', 'bold')}  to the maintenance page`);
}

function sayBackOn(environment: string, release: string, address: string, out: Output): void {
  out.line(`${out.paint(`${environment} back on`, 'green', 'bold')}  ${release}  ${address}`.trimEnd());
  out.line(`  ${out.paint('verified on the public route: it answers with this release', 'dim')}`);
}

export function liveLine(
  environment: string,
  release: string,
  isVerified: boolean,
  address: string,
  out: Output,
): string {
  const words = out.paint(`${environment} ${isVerified ? 'verified' : 'live'}`, 'green', 'bold');
  return `${words}  ${release}  ${address}`.trimEnd();
}

function reportReturned(rollout: RolloutView, out: Output): void {
  const to = rollout.before ?? 'the maintenance page';
  const words = out.paint(`${rollout.environment} returned`, 'red', 'bold');
  out.line(`${words}  ${rollout.release} is out, users get ${to}`);
  if (rollout.cause !== null) out.lines(causeLines(rollout.cause, out));
}

function reportStranded(rollout: RolloutView, out: Output): void {
  const words = out.paint(`${rollout.environment} stranded`, 'red', 'bold');
  out.line(`${words}  neither ${rollout.release} nor ${rollout.before ?? 'what was there before'} serves as it should`);
  if (rollout.cause !== null) out.lines(causeLines(rollout.cause, out));
  out.line(`  A person is needed: lotse status ${rollout.environment}, lotse logs ${rollout.environment}`);
}

function gateAdvice(rollout: RolloutView, standing: Extract<Standing, { kind: 'waiting' }>): readonly string[] {
  const { environment } = rollout;
  const waitsForPeople = standing.gates.some((gate) => gate.state === 'waiting' && gate.opensAt === null);
  const firm = standing.gates.filter((gate) => gate.state === 'closed' || gate.state === 'not-proven');
  return layOut([
    ...(waitsForPeople ? [[`  lotse approve ${environment}`, 'signs what is open']] : []),
    ...firm.map((gate) => [
      `  lotse override ${environment} ${gate.gate} --reason "…"`,
      'passes this gate once, by your name',
    ]),
    [`  lotse cancel ${environment}`, 'takes it back'],
  ]);
}
