import type { EnvironmentDefinition } from './app-manifest.ts';
import type { Hours } from './hours.ts';
import { formatHoursWindow, hoursContain } from './hours.ts';
import { strategyWeakenings } from './strategy-weakenings.ts';

export type GuardedGate =
  | 'after'
  | 'approval'
  | 'checklist'
  | 'hours'
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
    from.verification && !to.verification ? { gate: 'verification', from: 'verify', to: 'none' } : null,
    ...strategyWeakenings(before.strategy, after.strategy),
  ];
  return weakenings.filter((weakening) => weakening !== null);
}

function isWider(before: Hours | null, after: Hours | null): boolean {
  if (before === null) return false;
  return after === null || !hoursContain(before, after);
}

function formatHours(hours: Hours | null): string {
  if (hours === null) return 'none';
  return `${hours.windows.map(formatHoursWindow).join('; ')} (${hours.timezone})`;
}
