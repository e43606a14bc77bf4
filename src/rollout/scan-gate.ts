import { countFrom, sayFindings } from '../core/severities.ts';
import type { Answer, GateInquiry } from './evaluate-gates.ts';
import type { Evidence } from './gate.ts';
import type { GateDefinition } from './plan.ts';

/**
 * A scan is about the release, wherever it was brought. Of each the latest counts: what was repaired, suppressed or found
 * since then is in it.
 */
export function scanned({ failOn }: Extract<GateDefinition, { kind: 'scans' }>, inquiry: GateInquiry): Answer {
  const latest = new Map<string, Evidence & Required<Pick<Evidence, 'findings'>>>();
  for (const each of inquiry.evidence) {
    const { findings, gate, at, until } = each;
    const counts = findings !== undefined && (until === null || until > inquiry.now);
    if (counts && at >= (latest.get(gate)?.at ?? 0)) latest.set(gate, { ...each, findings });
  }
  const scans = [...latest.values()];
  if (scans.length === 0) {
    const message = `No scan of ${inquiry.release} was recorded: a job of the pipeline with \`reports: { sarif: … }\`, or \`lotse evidence add --sarif\`, brings one.`;
    return { state: { kind: 'closed' }, message };
  }
  const bad = scans.filter(({ findings }) => countFrom(findings, failOn) > 0);
  const say = (some: typeof scans) =>
    some.map(({ gate, findings }) => `${gate} found ${sayFindings(findings)}`).join('; ');
  if (bad.length > 0) return { state: { kind: 'closed' }, message: `${say(bad)}; from ${failOn} on is too much.` };
  return { state: { kind: 'open', evidence: scans.map(({ id }) => id) }, message: `${say(scans)}.` };
}
