import { severities, type Severity } from '../core/severities.ts';
import type { EnvironmentDefinition } from './app-manifest.ts';
import type { Hours } from './hours.ts';
import { formatHoursWindow, hoursContain } from './hours.ts';
import { strategyWeakenings } from './strategy-weakenings.ts';

export type GuardedGate =
  | 'after'
  | 'approval'
  | 'checklist'
  | 'hours'
  | 'scans'
  | 'pipeline'
  | 'verification'
  | 'watch'
  | 'canary'
  | 'every'
  | 'holdback'
  | 'margin'
  | 'tolerance'
  | `limits.${string}`
  | `signals.${string}`;

/** One gate that would guard less than before; `from` and `to` are for people. */
export interface GateWeakening {
  readonly gate: GuardedGate;
  readonly from: string;
  readonly to: string;
}

/**
 * What a new definition of an environment weakens, against the one last accepted there. Such a change must first pass the
 * gate that it weakens. What cannot be compared (another checklist, other hours in another timezone) counts as weaker.
 */
export function gateWeakenings(before: EnvironmentDefinition, after: EnvironmentDefinition): readonly GateWeakening[] {
  const from = before.gates;
  const to = after.gates;
  const weakenings: (GateWeakening | null)[] = [
    before.after !== null && before.after !== after.after
      ? { gate: 'after', from: before.after, to: after.after ?? 'none' }
      : null,
    to.approval < from.approval ? { gate: 'approval', from: String(from.approval), to: String(to.approval) } : null,
    from.checklist !== null && from.checklist !== to.checklist
      ? { gate: 'checklist', from: from.checklist, to: to.checklist ?? 'none' }
      : null,
    isWider(from.hours, to.hours) ? { gate: 'hours', from: formatHours(from.hours), to: formatHours(to.hours) } : null,
    ...scanWeakening(from.scans, to.scans),
    ...pipelineWeakening(from.pipeline ?? [], to.pipeline ?? []),
    from.verification && !to.verification ? { gate: 'verification', from: 'verify', to: 'none' } : null,
    ...strategyWeakenings(before.strategy, after.strategy),
  ];
  return weakenings.filter((weakening) => weakening !== null);
}

function scanWeakening(from: Severity | undefined, to: Severity | undefined): readonly GateWeakening[] {
  if (from === undefined) return [];
  if (to !== undefined && severities.indexOf(to) >= severities.indexOf(from)) return [];
  return [{ gate: 'scans', from, to: to ?? 'none' }];
}

/** What a job does may change with every release; that it is there may not. */
function pipelineWeakening(from: readonly string[], to: readonly string[]): readonly GateWeakening[] {
  if (from.every((job) => to.includes(job))) return [];
  return [{ gate: 'pipeline', from: from.join(', '), to: to.join(', ') || 'none' }];
}

function isWider(before: Hours | null, after: Hours | null): boolean {
  if (before === null) return false;
  return after === null || !hoursContain(before, after);
}

function formatHours(hours: Hours | null): string {
  if (hours === null) return 'none';
  return `${hours.windows.map(formatHoursWindow).join('; ')} (${hours.timezone})`;
}
