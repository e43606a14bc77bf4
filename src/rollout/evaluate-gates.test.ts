import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evaluateGates, type GateInquiry } from './evaluate-gates.ts';
import { ada, grace, start } from './fixtures/example-rollout.ts';
import { isOpen, type Evidence } from './gate.ts';
import type { GateDefinition } from './plan.ts';

const inquiry: GateInquiry = {
  release: 'r2',
  revision: 'production-2',
  environment: 'production',
  startedBy: ada,
  now: start,
  evidence: [],
  overrides: [],
  quarantine: null,
  proofs: [],
};

function evidence(gate: string, more: Partial<Evidence> = {}): Evidence {
  return {
    id: `${gate}-${more.by?.id ?? 'grace'}`,
    gate,
    environment: 'production',
    subject: { kind: 'release', release: 'r2' },
    by: grace,
    at: start - 1,
    until: null,
    hash: '',
    summary: '',
    ...more,
  };
}

function ask(gate: GateDefinition, more: Partial<GateInquiry> = {}) {
  const [result] = evaluateGates([gate], { ...inquiry, ...more });
  assert.ok(result);
  return result;
}
const stateOf = (...question: Parameters<typeof ask>) => ask(...question).state.kind;

describe('verified', () => {
  const gate: GateDefinition = { id: 'verified:staging', kind: 'verified', environment: 'staging' };
  const passed = evidence('verified:staging', { environment: 'staging' });

  it('is open by evidence of the environment that it names, and closed without', () => {
    assert.deepEqual(ask(gate, { evidence: [passed] }).state, { kind: 'open', evidence: [passed.id] });
    assert.equal(stateOf(gate), 'closed');
    assert.equal(stateOf(gate, { evidence: [evidence('verified:dev', { environment: 'dev' })] }), 'closed');
  });

  it('is closed again once the evidence has expired', () => {
    assert.equal(stateOf(gate, { evidence: [{ ...passed, until: start + 1 }] }), 'open');
    assert.equal(stateOf(gate, { evidence: [{ ...passed, until: start }] }), 'closed');
  });
});

describe('approval', () => {
  const gate: GateDefinition = { id: 'approval', kind: 'approval', approvals: 2 };
  const by = (id: string, more: Partial<Evidence> = {}) =>
    evidence('approval', { by: { kind: 'person', id }, ...more });

  it('waits for so many different people', () => {
    assert.equal(stateOf(gate), 'waiting');
    assert.equal(stateOf(gate, { evidence: [by('grace'), by('grace')] }), 'waiting');
    assert.equal(stateOf(gate, { evidence: [by('grace'), by('edsger')] }), 'open');
  });

  it('names the people who opened it, and what each has said', () => {
    const { state, message } = ask(gate, { evidence: [by('grace'), by('edsger')] });
    assert.deepEqual(state, { kind: 'open', evidence: ['approval-grace', 'approval-edsger'] });
    assert.equal(message, 'Approved by grace, edsger.');
  });

  it('does not count who started the rollout', () => {
    assert.equal(stateOf(gate, { evidence: [by('grace'), by('ada')] }), 'waiting');
    assert.match(ask(gate, { evidence: [by('ada')] }).message, /^2 more approvals needed, by other people than ada/);
    assert.match(ask(gate, { evidence: [by('grace')] }).message, /^1 more approval needed, by other people than ada/);
  });

  it('counts people only', () => {
    const machine = evidence('approval', { by: { kind: 'token', id: 'ci' } });
    const lotse = evidence('approval', { by: { kind: 'system', id: 'lotse' } });
    assert.equal(stateOf(gate, { evidence: [by('grace'), machine, lotse] }), 'waiting');
  });

  it('does not count what was said of another environment, or has expired', () => {
    assert.equal(stateOf(gate, { evidence: [by('grace'), by('edsger', { environment: 'staging' })] }), 'waiting');
    assert.equal(stateOf(gate, { evidence: [by('grace'), by('edsger', { until: start })] }), 'waiting');
  });
});

describe('checklist', () => {
  const lines = [
    { id: 'l1', text: 'The team is told' },
    { id: 'l2', text: 'Backups are there' },
  ];
  const gate: GateDefinition = { id: 'checklist:go.md', kind: 'checklist', file: 'go.md', lines };

  it('waits for a signature under every line, and names the next', () => {
    const both = [evidence('checklist:l1'), evidence('checklist:l2')];
    assert.deepEqual(ask(gate, { evidence: both }).state, { kind: 'open', evidence: both.map(({ id }) => id) });
    const half = ask(gate, { evidence: [evidence('checklist:l1')] });
    assert.equal(half.state.kind, 'waiting');
    assert.equal(half.message, '1 of 2 lines are not signed; next: “Backups are there”.');
  });

  it('a signature for other words, another environment or of yesterday does not count', () => {
    const rest = evidence('checklist:l1');
    for (const other of [
      evidence('checklist:l3'),
      evidence('checklist:l2', { environment: 'staging' }),
      evidence('checklist:l2', { until: start }),
    ])
      assert.equal(stateOf(gate, { evidence: [rest, other] }), 'waiting');
  });
});

it('a gate says in its title what it asks for', () => {
  const gates: readonly GateDefinition[] = [
    { id: 'verified:staging', kind: 'verified', environment: 'staging' },
    { id: 'approval', kind: 'approval', approvals: 1 },
    { id: 'approval', kind: 'approval', approvals: 2 },
    { id: 'checklist:go.md', kind: 'checklist', file: 'go.md', lines: [] },
    { id: 'hours', kind: 'hours', windows: [], timezone: 'UTC' },
    { id: 'not-quarantined', kind: 'not-quarantined' },
    { id: 'scans', kind: 'scans', failOn: 'high' },
    { id: 'scans', kind: 'scans', failOn: 'critical' },
    { id: 'pipeline', kind: 'pipeline', jobs: ['test'] },
    { id: 'proof:artifacts', kind: 'proof', part: 'artifacts', title: 'the old artifact is there' },
  ];
  assert.deepEqual(
    gates.map((gate) => ask(gate).title),
    [
      'verified in staging',
      'approved by a person',
      'approved by 2 persons',
      'checklist go.md',
      'within the hours for releases',
      'not in quarantine',
      'scanned, with nothing high or worse',
      'scanned, with nothing critical',
      'pipeline passed',
      'the old artifact is there',
    ],
  );
});

describe('hours', () => {
  const gate = (fromMinute: number, weekdays = [1]): GateDefinition => ({
    id: 'hours',
    kind: 'hours',
    windows: [{ weekdays, fromMinute, toMinute: 24 * 60 }],
    timezone: 'UTC',
  });

  it('is open inside a window, waits until the next, and is closed where none comes', () => {
    assert.deepEqual(ask(gate(9 * 60)).state, { kind: 'open', evidence: [] });
    assert.deepEqual(ask(gate(11 * 60)).state, { kind: 'waiting', opensAt: start + 3_600_000 });
    assert.equal(stateOf(gate(0, [])), 'closed');
  });
});

describe('quarantine', () => {
  const gate: GateDefinition = { id: 'not-quarantined', kind: 'not-quarantined' };

  it('closes, and says why', () => {
    assert.deepEqual(ask(gate).state, { kind: 'open', evidence: [] });
    const shut = ask(gate, { quarantine: 'web does not come up' });
    assert.deepEqual([shut.state.kind, shut.message], ['closed', 'r2 is in quarantine: web does not come up']);
  });
});

describe('a proof', () => {
  const gate: GateDefinition = {
    id: 'proof:artifacts',
    kind: 'proof',
    part: 'artifacts',
    title: 'the artifact is there',
  };
  const proof = (proven: boolean, part = 'artifacts') => ({ part, proven, message: proven ? 'There.' : 'Gone.' });

  it('is never green without a prover', () => {
    assert.equal(stateOf(gate), 'not-proven');
    assert.equal(stateOf(gate, { proofs: [proof(true, 'config')] }), 'not-proven');
  });

  it('is not proven as soon as one of its items is not', () => {
    const whole = ask(gate, { proofs: [proof(true), proof(true)] });
    assert.deepEqual([whole.state, whole.message], [{ kind: 'open', evidence: [] }, 'There. There.']);
    const half = ask(gate, { proofs: [proof(true), proof(false)] });
    assert.deepEqual([half.state.kind, half.message], ['not-proven', 'Gone.']);
  });
});

describe('an override', () => {
  const gate: GateDefinition = { id: 'not-quarantined', kind: 'not-quarantined' };
  const override = { gate: gate.id, by: grace, at: start, reason: 'the database was at fault' };

  it('passes its gate, and says whose it is and why', () => {
    const passed = ask(gate, { quarantine: 'web does not come up', overrides: [override] });
    assert.ok(isOpen(passed));
    assert.deepEqual(passed.state, { kind: 'overridden', override });
    assert.match(passed.message, /Overridden by grace: the database was at fault$/);
  });

  it('passes no other gate, and leaves an open one as it is', () => {
    const other = { ...override, gate: 'approval' };
    assert.equal(stateOf(gate, { quarantine: 'why', overrides: [other] }), 'closed');
    assert.equal(stateOf(gate, { overrides: [override] }), 'open');
  });
});

it('only open and overridden gates count as open', () => {
  const result = (state: Parameters<typeof isOpen>[0]['state']) => isOpen({ gate: 'g', title: '', state, message: '' });
  assert.ok(result({ kind: 'open', evidence: [] }));
  for (const kind of ['closed', 'not-proven'] as const) assert.ok(!result({ kind }));
  assert.ok(!result({ kind: 'waiting', opensAt: null }));
});
