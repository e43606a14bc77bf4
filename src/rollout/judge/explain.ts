import type { ServiceName } from '../../core/ids.ts';
import { listed, moreTime, oneIn, percent } from './figures.ts';
import { healthyRequests } from './healthy-requests.ts';
import type { JudgeRules } from './judge-rules.ts';
import type { Finding, Judgement } from './judgement.ts';
import type { Unanswered } from './unanswered.ts';

/** A judgement that has no words yet, and how many requests per second each service of the new release gets now. */
export interface Unexplained extends Omit<Judgement, 'sentence'> {
  readonly perSecond: Readonly<Record<ServiceName, number>>;
  /** What the new release leaves without an answer, so that it cannot be called healthy. */
  readonly unanswered: readonly Unanswered[];
}

/** Of all services, those that the new release must be found healthy by, and those that have too few requests for it. */
export interface Traffic {
  readonly needed: readonly Finding[];
  readonly quiet: readonly Finding[];
}

/** What the judge thinks, why, and what it would take to know more: one plain sentence for people. */
export function explain(judged: Unexplained, { needed, quiet }: Traffic, rules: JudgeRules): string {
  const harmful = strongest(judged.findings.filter(({ verdict }) => verdict === 'harmful'));
  if (harmful !== null) return explainHarm(harmful);
  const [broken] = judged.broken;
  if (broken !== undefined) return broken;
  const { spent, budget } = judged.exposure;
  if (budget !== null && spent >= budget) {
    return `The new release has cost ${spent.toFixed(0)} failed requests that the old one would not have had; ${budget} are allowed.`;
  }
  if (needed.length === 0) return 'Nothing can be said yet: no service has had a request.';
  if (judged.verdict === 'healthy') return explainHealth(needed, quiet);
  const [hanging] = judged.unanswered.toSorted((a, b) => b.newRate - a.newRate);
  if (hanging !== undefined) return explainHanging(hanging);
  return explainDoubt(needed, judged.perSecond, rules);
}

function explainHarm(finding: Finding): string {
  const { harm } = finding;
  const evidence = `the evidence is ${oneIn(harm.log)} against chance, ${oneIn(harm.threshold)} is enough`;
  return `${compared(finding)}: ${evidence}.`;
}

/** Both figures, without an opinion. */
function compared({ service, metric, thresholdMs, counted }: Finding): string {
  const { new: fresh, old } = counted;
  const both = [rateOf(fresh), rateOf(old)] as const;
  switch (metric) {
    case 'failures':
      return `${service ?? ''} of the new release fails ${both[0]} of requests, the old ${both[1]}`;
    case 'late':
      return `${service ?? ''} of the new release takes longer than ${thresholdMs ?? 0} ms for ${both[0]} of requests, the old for ${both[1]}`;
    case 'durations':
      return `Requests to ${service ?? ''} take longer with the new release than with the old`;
    case 'probes':
      return `The verification fails in ${fresh.events} of ${fresh.requests} runs with the new release, in ${old.events} of ${old.requests} with the old`;
  }
}

function rateOf({ requests, events }: Finding['counted']['new']): string {
  return requests === 0 ? 'none' : percent(events / requests);
}

function explainHealth(needed: readonly Finding[], quiet: readonly Finding[]): string {
  const fail = needed.length === 1 ? 'fails' : 'fail';
  const rest = quiet.length === 0 ? '' : `; ${namesOf(quiet)} had too few requests to tell`;
  return `Healthy: ${namesOf(needed)} of the new release ${fail} no more requests than is tolerated${rest}.`;
}

function explainHanging({ service, newRate, oldRate }: Unanswered): string {
  const both = `${percent(newRate)} of requests without an answer, the old ${percent(oldRate)}`;
  return `Undecided: ${service} of the new release has left ${both}; it cannot be called healthy while that is so.`;
}

function explainDoubt(needed: readonly Finding[], perSecond: Unexplained['perSecond'], rules: JudgeRules): string {
  const waiting = needed.filter(({ verdict }) => verdict !== 'healthy');
  for (const side of ['new', 'old'] as const) {
    const silent = waiting.filter(({ counted }) => counted[side].requests === 0);
    if (silent.length === 0) continue;
    const begin = silent.length === needed.length ? 'Nothing can be said yet' : 'Undecided';
    return `${begin}: ${namesOf(silent)} ${silent.length === 1 ? 'has' : 'have'} had no request of the ${side} release.`;
  }
  const [slowest] = waiting
    .map((finding) => ({ finding, ms: missingMs(finding, perSecond[finding.service ?? ''] ?? 0, rules) }))
    .sort((a, b) => b.ms - a.ms);
  if (slowest === undefined) return 'Nothing can be said yet.';
  return explainWaiting(slowest.finding, slowest.ms);
}

/** Evidence that has gone down means that it looks worse, and then the figures belong to it. */
function explainWaiting(finding: Finding, ms: number): string {
  const { counted, health, service } = finding;
  const figures = health.log < -1 ? `${compared(finding)}; ` : '';
  if (!Number.isFinite(ms)) {
    const many = `${counted.new.requests} request${counted.new.requests === 1 ? '' : 's'}`;
    return `Undecided: ${figures}${service ?? ''} of the new release has had ${many} so far, too few to tell.`;
  }
  return `Undecided: ${figures}at today's load about ${moreTime(ms)} needed until ${service ?? ''} can be called healthy.`;
}

/** How long it takes still if the new release is as good as the old, in milliseconds; Infinity: nobody knows. */
function missingMs({ counted, health }: Finding, perSecond: number, rules: JudgeRules): number {
  const { new: fresh, old } = counted;
  const failureRate = old.requests === 0 ? 0 : old.events / old.requests;
  const needed = healthyRequests(failureRate, old.requests / fresh.requests, rules);
  const missing = Math.max(0.02, 1 - health.log / health.threshold);
  return perSecond === 0 ? Infinity : ((needed * missing) / perSecond) * 1000;
}

function strongest(findings: readonly Finding[]): Finding | null {
  const lead = ({ harm }: Finding) => harm.log - harm.threshold;
  return findings.toSorted((a, b) => lead(b) - lead(a))[0] ?? null;
}

function namesOf(findings: readonly Finding[]): string {
  return listed(findings.map(({ service }) => service ?? 'the app'));
}
