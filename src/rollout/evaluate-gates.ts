import type { EnvironmentName, ReleaseId, RevisionId, UnixMs } from '../core/ids.ts';
import type { Actor } from '../core/events.ts';
import type { Evidence, GateResult, GateState, Override, PipelineStanding } from './gate.ts';
import { nextOpening } from './hours.ts';
import { pipelinePassed } from './pipeline-gate.ts';
import type { GateDefinition } from './plan.ts';
import { scanned } from './scan-gate.ts';

/** All that gates are judged by, gathered at one moment. */
export interface GateInquiry {
  readonly release: ReleaseId;
  readonly revision: RevisionId;
  readonly environment: EnvironmentName;
  readonly startedBy: Actor;
  readonly now: UnixMs;
  /** Evidence about this release or revision, of any gate. */
  readonly evidence: readonly Evidence[];
  /** Null or missing: no pipeline has run for the release. */
  readonly pipeline?: PipelineStanding | null;
  readonly overrides: readonly Override[];
  /** Why the release is in quarantine here; null when it is not. */
  readonly quarantine: string | null;
  readonly proofs: readonly { readonly part: string; readonly proven: boolean; readonly message: string }[];
}

export type Answer = Pick<GateResult, 'state' | 'message'>;

/** Pure: the state of each gate. An override passes any of them and says whose it is. */
export function evaluateGates(gates: readonly GateDefinition[], inquiry: GateInquiry): readonly GateResult[] {
  return gates.map((gate) => {
    const title = titleOf(gate);
    const answer = answerOf(gate, inquiry);
    const override = inquiry.overrides.find((each) => each.gate === gate.id);
    if (answer.state.kind === 'open' || override === undefined) return { gate: gate.id, title, ...answer };
    const message = `${answer.message} Overridden by ${override.by.id}: ${override.reason}`;
    return { gate: gate.id, title, state: { kind: 'overridden', override }, message };
  });
}

/** What a gate asks for, in a few words. */
export function titleOf(gate: GateDefinition): string {
  switch (gate.kind) {
    case 'verified':
      return `verified in ${gate.environment}`;
    case 'approval':
      return gate.approvals === 1 ? 'approved by a person' : `approved by ${gate.approvals} persons`;
    case 'checklist':
      return `checklist ${gate.file}`;
    case 'hours':
      return 'within the hours for releases';
    case 'not-quarantined':
      return 'not in quarantine';
    case 'scans':
      return `scanned, with nothing ${gate.failOn === 'critical' ? 'critical' : `${gate.failOn} or worse`}`;
    case 'pipeline':
      return 'pipeline passed';
    case 'proof':
      return gate.title;
  }
}

function answerOf(gate: GateDefinition, inquiry: GateInquiry): Answer {
  switch (gate.kind) {
    case 'verified':
      return verified(gate, inquiry);
    case 'approval':
      return approved(gate, inquiry);
    case 'checklist':
      return signed(gate, inquiry);
    case 'hours':
      return withinHours(gate, inquiry);
    case 'not-quarantined':
      return notQuarantined(inquiry);
    case 'scans':
      return scanned(gate, inquiry);
    case 'pipeline':
      return pipelinePassed(gate, inquiry);
    case 'proof':
      return proven(gate, inquiry);
  }
}

/** Evidence that counts here: unexpired, and of this environment unless the gate itself names another one. */
function valid(inquiry: GateInquiry, gate: string): readonly Evidence[] {
  return inquiry.evidence.filter((each) => {
    const isHere = gate.startsWith('verified:') || each.environment === inquiry.environment;
    return isHere && each.gate === gate && (each.until === null || each.until > inquiry.now);
  });
}

const openBy = (evidence: readonly Evidence[]): GateState => ({
  kind: 'open',
  evidence: evidence.map((each) => each.id),
});

function verified(gate: Extract<GateDefinition, { kind: 'verified' }>, inquiry: GateInquiry): Answer {
  const found = valid(inquiry, `verified:${gate.environment}`);
  if (found.length > 0)
    return { state: openBy(found), message: `${inquiry.release} was verified in ${gate.environment}.` };
  const message = `${inquiry.release} has not been verified in ${gate.environment}; deploy it there first.`;
  return { state: { kind: 'closed' }, message };
}

function approved(gate: Extract<GateDefinition, { kind: 'approval' }>, inquiry: GateInquiry): Answer {
  const people = valid(inquiry, 'approval').filter((each) => each.by.kind === 'person');
  const others = people.filter((each) => each.by.id !== inquiry.startedBy.id);
  const persons = new Map(others.map((each) => [each.by.id, each]));
  const missing = gate.approvals - persons.size;
  if (missing <= 0)
    return { state: openBy([...persons.values()]), message: `Approved by ${[...persons.keys()].join(', ')}.` };
  const message = `${missing} more approval${missing === 1 ? '' : 's'} needed, by other people than ${inquiry.startedBy.id}.`;
  return { state: { kind: 'waiting', opensAt: null }, message };
}

function signed(gate: Extract<GateDefinition, { kind: 'checklist' }>, inquiry: GateInquiry): Answer {
  const found = gate.lines.map((line) => valid(inquiry, `checklist:${line.id}`)[0]);
  const open = gate.lines.filter((_, index) => found[index] === undefined);
  if (open.length === 0) {
    return { state: openBy(found.filter((each) => each !== undefined)), message: 'Every line is signed.' };
  }
  const first = open[0]?.text ?? '';
  const message = `${open.length} of ${gate.lines.length} lines are not signed; next: “${first}”.`;
  return { state: { kind: 'waiting', opensAt: null }, message };
}

function withinHours(gate: Extract<GateDefinition, { kind: 'hours' }>, inquiry: GateInquiry): Answer {
  const opensAt = nextOpening(gate.windows, gate.timezone, inquiry.now);
  if (opensAt === inquiry.now)
    return { state: { kind: 'open', evidence: [] }, message: 'The hours for releases are on.' };
  if (opensAt === null) return { state: { kind: 'closed' }, message: 'The hours leave no time for releases.' };
  return { state: { kind: 'waiting', opensAt }, message: `Releases may start at ${new Date(opensAt).toISOString()}.` };
}

function notQuarantined(inquiry: GateInquiry): Answer {
  if (inquiry.quarantine === null)
    return { state: { kind: 'open', evidence: [] }, message: 'It is not in quarantine.' };
  return { state: { kind: 'closed' }, message: `${inquiry.release} is in quarantine: ${inquiry.quarantine}` };
}

function proven(gate: Extract<GateDefinition, { kind: 'proof' }>, inquiry: GateInquiry): Answer {
  const items = inquiry.proofs.filter((item) => item.part === gate.part);
  const bad = items.filter((item) => !item.proven);
  if (items.length === 0) return { state: { kind: 'not-proven' }, message: 'Nothing here can prove it.' };
  if (bad.length > 0) return { state: { kind: 'not-proven' }, message: bad.map((item) => item.message).join(' ') };
  return { state: { kind: 'open', evidence: [] }, message: items.map((item) => item.message).join(' ') };
}
