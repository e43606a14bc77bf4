import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FindingCounts } from '../core/severities.ts';
import { evaluateGates, type GateInquiry } from './evaluate-gates.ts';
import { ada, grace, start } from './fixtures/example-rollout.ts';
import type { Evidence, PipelineStanding } from './gate.ts';
import type { GateDefinition } from './plan.ts';

const inquiry: GateInquiry = {
  ...{ release: 'r2', revision: 'production-2', environment: 'production', startedBy: ada, now: start },
  ...{ evidence: [], overrides: [], quarantine: null, proofs: [] },
};
const none: FindingCounts = { critical: 0, high: 0, medium: 0, low: 0 };

function ask(gate: GateDefinition, more: Partial<GateInquiry>) {
  const [result] = evaluateGates([gate], { ...inquiry, ...more });
  assert.ok(result);
  return result;
}

function scan(name: string, findings: FindingCounts, more: Partial<Evidence> = {}): Evidence {
  return {
    ...{ id: `${name}-${more.at ?? 0}`, gate: `scan:${name}`, environment: 'build', by: grace, at: start - 10 },
    ...{ subject: { kind: 'release', release: 'r2' }, until: null, hash: '', summary: '', findings },
    ...more,
  };
}

test('scans: at least one, and of each the latest without findings as severe as the gate says', () => {
  const gate: GateDefinition = { id: 'scans', kind: 'scans', failOn: 'high' };
  const state = (...evidence: readonly Evidence[]) => ask(gate, { evidence }).state.kind;
  assert.match(ask(gate, {}).message, /No scan of r2 was recorded/);
  assert.equal(state(), 'closed');
  assert.equal(state(scan('code', { ...none, medium: 3, low: 9 })), 'open');
  assert.equal(state(scan('code', { ...none, high: 1 })), 'closed');
  assert.equal(state(scan('code', { ...none, critical: 1 })), 'closed');
  // What was found before counts no more, and another scan does not make up for it.
  assert.equal(state(scan('code', { ...none, high: 1 }), scan('code', none, { at: start - 1 })), 'open');
  assert.equal(state(scan('code', none), scan('code', { ...none, high: 1 }, { at: start - 1 })), 'closed');
  assert.equal(state(scan('code', { ...none, high: 1 }), scan('image', none, { at: start - 1 })), 'closed');
  assert.equal(state(scan('code', none, { at: start - 1 }), scan('code', { ...none, high: 1 })), 'open');
  assert.equal(state(scan('code', { ...none, high: 1 }), scan('code', none)), 'open', 'of one moment the last counts');
  assert.equal(state(scan('code', none, { until: start })), 'closed', 'a scan that holds no longer is none');
  assert.equal(state(scan('code', none, { until: start + 1 })), 'open');
  const tests: Evidence = { ...scan('x', none), gate: 'tests:unit' };
  delete (tests as { findings?: unknown }).findings;
  assert.equal(state(tests), 'closed', 'tests are no scan');
});

test('scans: a gate that they open names the latest of each, and says what it found', () => {
  const gate: GateDefinition = { id: 'scans', kind: 'scans', failOn: 'high' };
  const evidence = [scan('code', none), scan('image', none), scan('code', { ...none, low: 2 }, { at: start - 1 })];
  const { state, message } = ask(gate, { evidence });
  assert.deepEqual(state, { kind: 'open', evidence: [`code-${start - 1}`, 'image-0'] });
  assert.match(message, /^scan:code found .*2 low.*; scan:image found /);
});

test('a scan gate that is closed is passed by a named person', () => {
  const gate: GateDefinition = { id: 'scans', kind: 'scans', failOn: 'low' };
  const override = { gate: 'scans', by: ada, at: start, reason: 'not reachable' };
  const { state, message } = ask(gate, { evidence: [scan('code', { ...none, low: 1 })], overrides: [override] });
  assert.equal(state.kind, 'overridden');
  assert.match(message, /0 low|1 low.*Overridden by .*: not reachable/);
});

test('pipeline: the latest run has passed, with every job that the environment asks for', () => {
  const gate: GateDefinition = { id: 'pipeline', kind: 'pipeline', jobs: ['test', 'scan'] };
  const run: PipelineStanding = { run: 'pipeline-4', state: 'passed', passed: ['test', 'scan', 'more'], problem: null };
  assert.deepEqual(ask(gate, { pipeline: run }).state, { kind: 'open', evidence: ['pipeline-4'] });
  const said = (pipeline: PipelineStanding | null) => {
    const { state, message } = ask(gate, { pipeline });
    assert.equal(state.kind, 'closed');
    return message;
  };
  assert.match(said(null), /has not run, and here test, scan must have passed/);
  assert.match(said({ ...run, state: 'running', passed: ['test'] }), /under way: `lotse pipeline show pipeline-4`/);
  assert.match(said({ ...run, state: 'queued', passed: [] }), /under way/);
  assert.match(said({ ...run, state: 'failed', problem: 'test ended with status 1.' }), /test ended with status 1\.$/);
  assert.match(said({ ...run, state: 'cancelled', problem: 'it was cancelled.' }), /has not passed: it was cancelled/);
  assert.match(said({ ...run, passed: ['test'] }), /has no scan, which must have passed here/);
});
