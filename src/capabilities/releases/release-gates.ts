import { severities } from '../../core/severities.ts';
import { gateWeakenings, type GateWeakening } from '../../manifest/gate-weakenings.ts';
import type { EnvironmentDefinition } from '../../manifest/app-manifest.ts';
import { strategyWeakenings } from '../../manifest/strategy-weakenings.ts';
import type { ReleasePart } from '../../ports/release-part/release-part.ts';
import type { GateDefinition } from '../../rollout/plan.ts';
import { checklistLines, environmentOf, type DefinitionText } from './release-manifest.ts';

/** A definition of an environment with what it came with. */
export interface SourcedDefinition {
  readonly text: DefinitionText;
  readonly definition: EnvironmentDefinition;
}

export interface GatePlan {
  readonly gates: readonly GateDefinition[];
  readonly weakens: readonly GateWeakening[];
}

/**
 * The gates of a deploy: those of the definition that comes with the release, and those last accepted for the
 * environment. So a change that weakens a gate must first pass that gate.
 */
export function gatesOfDeploy(
  accepted: SourcedDefinition | null,
  coming: SourcedDefinition,
  parts: readonly ReleasePart[],
): GatePlan {
  const weakens = accepted === null ? [] : gateWeakenings(accepted.definition, coming.definition);
  const both = accepted === null ? [coming] : [accepted, coming];
  const gates: GateDefinition[] = [
    { id: 'not-quarantined', kind: 'not-quarantined' },
    ...both.flatMap(afterGate),
    ...approvalGate(both),
    ...both.flatMap(checklistGate),
    ...both.flatMap(hoursGate),
    ...pipelineGate(both),
    ...scansGate(both),
    ...parts.map((part): GateDefinition => ({
      id: `proof:${part.name}`,
      kind: 'proof',
      part: part.name,
      title: part.title,
    })),
  ];
  return { gates: distinct(gates), weakens };
}

export function sourced(text: DefinitionText, environment: string): SourcedDefinition {
  return { text, definition: environmentOf(text, environment) };
}

/** What a rollout goes by: its strategy, and where the queries of its signals are asked. */
export type DeployStrategy = Pick<EnvironmentDefinition, 'strategy' | 'prometheus'>;

/**
 * The strategy of a deploy: the one that comes with the release, unless that is weaker than the one last accepted. Then
 * the rollout that brings it still goes by the accepted one. The watch is the longer one of both.
 */
export function strategyOfDeploy(accepted: SourcedDefinition | null, coming: SourcedDefinition): DeployStrategy {
  const now = coming.definition;
  const before = accepted?.definition ?? now;
  const weakenings = strategyWeakenings(before.strategy, now.strategy);
  const { strategy, prometheus } = weakenings.some(({ gate }) => gate !== 'watch') ? before : now;
  return { strategy: { ...strategy, watchMs: Math.max(before.strategy.watchMs, now.strategy.watchMs) }, prometheus };
}

function afterGate({ definition }: SourcedDefinition): readonly GateDefinition[] {
  const { after } = definition;
  return after === null ? [] : [{ id: `verified:${after}`, kind: 'verified', environment: after }];
}

function approvalGate(both: readonly SourcedDefinition[]): readonly GateDefinition[] {
  const approvals = Math.max(...both.map((each) => each.definition.gates.approval));
  return approvals === 0 ? [] : [{ id: 'approval', kind: 'approval', approvals }];
}

function checklistGate({ text, definition }: SourcedDefinition): readonly GateDefinition[] {
  const file = definition.gates.checklist;
  if (file === null) return [];
  const lines = checklistLines(text.checklists[file] ?? '');
  return [{ id: `checklist:${file}`, kind: 'checklist', file, lines }];
}

function hoursGate({ definition }: SourcedDefinition): readonly GateDefinition[] {
  const { hours } = definition.gates;
  if (hours === null) return [];
  const windows = hours.windows.map(({ days, fromMinute, toMinute }) => ({
    weekdays: days.map((day) => day + 1),
    fromMinute,
    toMinute,
  }));
  return [{ id: 'hours', kind: 'hours', windows, timezone: hours.timezone }];
}

/** A job that one of the definitions does not know any more has to pass all the same. */
function pipelineGate(both: readonly SourcedDefinition[]): readonly GateDefinition[] {
  const jobs = [...new Set(both.flatMap(({ definition }) => definition.gates.pipeline ?? []))];
  return jobs.length === 0 ? [] : [{ id: 'pipeline', kind: 'pipeline', jobs }];
}

/** The stricter one of both. */
function scansGate(both: readonly SourcedDefinition[]): readonly GateDefinition[] {
  const asked = both.flatMap(({ definition }) => definition.gates.scans ?? []);
  const failOn = severities.findLast((severity) => asked.includes(severity));
  return failOn === undefined ? [] : [{ id: 'scans', kind: 'scans', failOn }];
}

/** Two checklists or hours of one name but other content are two gates. */
function distinct(gates: readonly GateDefinition[]): readonly GateDefinition[] {
  const found = new Map<string, GateDefinition>();
  for (const gate of gates) {
    const known = found.get(gate.id);
    if (known === undefined) found.set(gate.id, gate);
    else if (JSON.stringify(known) !== JSON.stringify(gate))
      found.set(`${gate.id}:new`, { ...gate, id: `${gate.id}:new` });
  }
  return [...found.values()];
}
