import type { PlanView, RolloutView, StepView } from '../capabilities/releases/releases-api.ts';
import { formatElapsedMs } from '../core/quantities.ts';
import type { Output } from './output.ts';
import { harmless, layOut } from './text-layout.ts';
import { hasEnded } from './rollout-standing.ts';

type Judged = NonNullable<RolloutView['judged']>;
type Finding = Judged['findings'][number];

/** `5 %`. */
export function percentOf(permille: number): string {
  return `${permille / 10} %`;
}

/** The share of users that the release of a rollout under way has now; null: it is no matter of shares. */
export function shareNow({ steps, status }: RolloutView): number | null {
  const isBack = steps.some((step) => step.state === 'undoing' || step.state === 'undone');
  if (isBack || status === 'returning') return null;
  return steps.findLast((step) => step.permille !== null && step.startedAt !== null)?.permille ?? null;
}

/** `5 % of users, undecided`; null while nothing is judged. */
export function judgedInShort(rollout: RolloutView): string | null {
  const share = shareNow(rollout);
  if (rollout.judged === null || hasEnded(rollout) || share === null) return null;
  return `${percentOf(share)} of users, ${rollout.judged.verdict}`;
}

/** What the judge thinks, for a line that stands while it is true. */
export function sentenceLine(judged: Judged, out: Output): string {
  return `${verdictWord(judged, out)}  ${harmless(judged.sentence)}`;
}

/** When the sentence is worth repeating in a log: with another share, another verdict, another limit. */
export function judgedKey(rollout: RolloutView): string | null {
  const { judged, steps } = rollout;
  const share = shareNow(rollout);
  if (judged === null || share === null || !steps.some((step) => step.judged && step.state === 'running')) return null;
  return JSON.stringify([share, judged.verdict, judged.broken.length]);
}

/** The judge in full: its sentence, what is broken, what it costs, and each metric of each service. */
export function judgedLines(rollout: RolloutView, out: Output): readonly string[] {
  const { judged } = rollout;
  if (judged === null) return [];
  const { spent, budget } = judged.exposure;
  const cost =
    budget === null ? [] : [`  ${out.paint('cost', 'dim')}  ${spent.toFixed(0)} of ${budget} failed requests`];
  const rows = judged.findings.map((finding) => [
    `  ${out.paint(nameOf(finding), 'dim')}`,
    ...findingCells(finding, out),
  ]);
  return [
    `  ${sentenceLine(judged, out)}`,
    ...judged.broken.map((sentence) => `  ${out.paint(out.symbols.failed, 'red')} ${harmless(sentence)}`),
    ...cost,
    ...layOut(rows),
  ];
}

function findingCells({ verdict, metric, counted, harm, health }: Finding, out: Output): readonly string[] {
  const figure = ({ requests, events }: Finding['counted']['new']) =>
    metric === 'durations' ? `${requests}` : `${events} of ${requests}`;
  return [
    paintVerdict(verdict, verdict, out),
    `new ${figure(counted.new)}`,
    `old ${figure(counted.old)}`,
    out.paint(`harm ${partOf(harm)}, health ${partOf(health)}`, 'dim'),
  ];
}

/** How far the evidence has come: `40 %` of what a verdict needs. */
function partOf({ log, threshold }: Finding['harm']): string {
  return `${threshold <= 0 ? 0 : Math.max(0, Math.round((log / threshold) * 100))} %`;
}

function nameOf({ service, metric, thresholdMs }: Finding): string {
  const what = metric === 'late' ? `after ${formatElapsedMs(thresholdMs ?? 0)}` : metric;
  return service === null ? what : `${service} ${what}`;
}

function verdictWord({ verdict, broken }: Judged, out: Output): string {
  return broken.length > 0 ? out.paint('limit broken', 'red', 'bold') : paintVerdict(verdict, verdict, out);
}

function paintVerdict(verdict: Judged['verdict'], text: string, out: Output): string {
  switch (verdict) {
    case 'harmful':
      return out.paint(text, 'red', 'bold');
    case 'healthy':
      return out.paint(text, 'green');
    case 'undecided':
      return out.paint(text, 'yellow');
  }
}

/** What a canary does to users, and how long that takes. */
export function canaryLines({ steps, canary, before }: PlanView, out: Output): readonly string[] {
  if (canary === null) return [];
  const shares = steps.filter((step) => step.phase === 'shift').flatMap((step) => step.permille ?? []);
  const held = 1000 - (shares.at(-1) ?? 1000);
  const old = before ?? 'what served before';
  const rest = held === 0 ? '' : `; ${percentOf(held)} stay on ${old} until the watch is over`;
  const budget =
    canary.budget === null ? [] : [`  at most ${canary.budget} failed requests more than ${old} would have had`];
  return [
    `  ${shares.map(percentOf).join(` ${out.symbols.running} `)}${rest}`,
    `  ${paceOf(canary)}`,
    `  ${out.paint(`still undecided after ${formatElapsedMs(canary.withinMs)}: back to ${old}, without quarantine`, 'dim')}`,
    ...budget,
  ];
}

function paceOf({ requestsPerS, toFullTrafficMs }: NonNullable<PlanView['canary']>): string {
  if (requestsPerS === null || toFullTrafficMs === null) {
    return 'how long that takes is not known: no requests were counted, so there is no load to go by';
  }
  return `about ${formatElapsedMs(toFullTrafficMs)} to full traffic at today’s ${rateOf(requestsPerS)}`;
}

function rateOf(requestsPerS: number): string {
  if (requestsPerS >= 10) return `${Math.round(requestsPerS)} requests/s`;
  if (requestsPerS >= 1) return `${requestsPerS.toFixed(1)} requests/s`;
  return `${(requestsPerS * 60).toFixed(1)} requests/min`;
}

/** `production  › 5 % of users get r7-a1b2c3d`: a share has begun. */
export function shareLine(rollout: RolloutView, step: StepView, out: Output): string {
  const share = `${percentOf(step.permille ?? 0)} of users get ${rollout.release}`;
  return `${rollout.environment}  ${out.paint(out.symbols.running, 'cyan')} ${share}`;
}
