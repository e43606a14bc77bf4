import type { JudgedView } from '../../../src/capabilities/releases/judgement-api.ts';

type Finding = JudgedView['findings'][number];
type Sides = Finding['counted'];

/** What was counted of both revisions until a moment. */
export interface Look {
  readonly at: number;
  readonly failures: Sides;
  /** Null: no threshold is judged. */
  readonly late: Sides | null;
}

/** Between two looks. */
export interface Interval {
  /** Its end, in unix milliseconds. */
  readonly at: number;
  readonly new: Traffic;
  readonly old: Traffic;
}

interface Traffic {
  readonly requestsPerS: number;
  /** 0 … 1; null: nobody asked. */
  readonly failed: number | null;
  readonly late: number | null;
}

/** The services of which requests are counted. */
export function countedServices(judged: JudgedView): readonly string[] {
  return [
    ...new Set(
      judged.findings.flatMap(({ metric, service }) => (metric === 'failures' && service !== null ? [service] : [])),
    ),
  ];
}

export function lookOf(judged: JudgedView, service: string): Look | null {
  const own = judged.findings.filter((finding) => finding.service === service);
  const failures = own.find(({ metric }) => metric === 'failures')?.counted;
  const late = latestThreshold(own)?.counted ?? null;
  return failures === undefined ? null : { at: judged.at, failures, late };
}

/** Of several thresholds the longest: whoever waits longer than that is lost. */
export function latestThreshold(findings: readonly Finding[]): Finding | null {
  const late = findings.filter(({ metric }) => metric === 'late');
  return late.toSorted((left, right) => (right.thresholdMs ?? 0) - (left.thresholdMs ?? 0))[0] ?? null;
}

const mostLooks = 900;

/** With another look; when counting began anew, those before say nothing about now. */
export function withLook(looks: readonly Look[], look: Look): readonly Look[] {
  const last = looks.at(-1);
  if (last === undefined) return [look];
  if (look.at <= last.at) return looks;
  const isAnew = look.failures.new.requests < last.failures.new.requests;
  return isAnew ? [look] : [...looks, look].slice(-mostLooks);
}

/** What happened between each look and the one before. */
export function intervalsOf(looks: readonly Look[]): readonly Interval[] {
  return looks.slice(1).map((look, index) => {
    const before = looks[index] ?? look;
    const seconds = Math.max(0.001, (look.at - before.at) / 1_000);
    return { at: look.at, new: trafficOf(before, look, 'new', seconds), old: trafficOf(before, look, 'old', seconds) };
  });
}

function trafficOf(before: Look, look: Look, side: 'new' | 'old', seconds: number): Traffic {
  const requests = look.failures[side].requests - before.failures[side].requests;
  return {
    requestsPerS: Math.max(0, requests / seconds),
    failed: share(before.failures[side].events, look.failures[side].events, requests),
    late: look.late === null ? null : share(before.late?.[side].events ?? 0, look.late[side].events, requests),
  };
}

function share(before: number, after: number, requests: number): number | null {
  return requests <= 0 ? null : Math.min(1, Math.max(0, (after - before) / requests));
}
