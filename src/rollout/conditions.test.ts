import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkCondition } from './conditions.ts';
import type { ObservedJob, ObservedSlot } from './facts.ts';
import { judgement, seen, slot, start } from './fixtures/example-rollout.ts';
import type { Judgement } from './judge/judgement.ts';
import type { Condition } from './plan.ts';

const kindOf = (condition: Condition, more: Parameters<typeof seen>[1], at = start) =>
  checkCondition(condition, seen(at, more), start).kind;
const web = { revision: 'production-2', service: 'web' };

describe('ready', () => {
  const two: Condition = { kind: 'ready', ...web, slots: 2 };
  const states = (...all: readonly ObservedSlot['state'][]) => ({
    slots: all.map((state, number) => slot(2, 'web', { slot: number, state })),
  });

  it('needs every slot; one that was not seen is not ready', () => {
    assert.equal(kindOf(two, states('ready', 'ready')), 'met');
    assert.equal(kindOf(two, states('ready', 'starting')), 'open');
    assert.equal(kindOf(two, states('ready')), 'open');
    assert.equal(kindOf(two, {}), 'open');
  });

  it('does not count slots beyond the number, of other revisions, or of other services', () => {
    const others = [
      slot(2, 'web'),
      slot(2, 'web', { slot: 2 }),
      slot(1, 'web', { slot: 1 }),
      slot(2, 'api', { slot: 1 }),
    ];
    assert.equal(kindOf(two, { slots: others }), 'open');
  });

  it('says what is missing, and why a slot is not ready', () => {
    const slots = [slot(2, 'web'), slot(2, 'web', { slot: 1, state: 'starting', note: 'it does not listen' })];
    const verdict = checkCondition(two, seen(start, { slots }), start);
    assert.deepEqual(verdict, { kind: 'open', what: 'web: 1 of 2 ready (it does not listen)' });
  });

  it('says of the first that is not ready and has something to say, whatever a ready one says', () => {
    const slots = [
      slot(2, 'web', { note: 'it was restarted' }),
      slot(2, 'web', { slot: 1, state: 'starting' }),
      slot(2, 'web', { slot: 2, state: 'unready', note: 'it answers 503' }),
    ];
    const verdict = checkCondition({ ...two, slots: 3 }, seen(start, { slots }), start);
    assert.deepEqual(verdict, { kind: 'open', what: 'web: 1 of 3 ready (it answers 503)' });
  });

  it('fails with the last log lines once a slot is given up', () => {
    const lost = slot(2, 'web', { state: 'gave-up', note: 'it ended 3 times', logTail: ['boom'] });
    const verdict = checkCondition(two, seen(start, { slots: [lost] }), start);
    assert.equal(verdict.kind, 'failed');
    assert.ok(verdict.kind === 'failed');
    const { kind, message, logTail, inRelease } = verdict.cause;
    assert.deepEqual(
      [kind, message, logTail, inRelease],
      ['start-failed', 'web does not come up: it ended 3 times', ['boom'], true],
    );
  });

  it('says only that it does not come up where nobody knows why', () => {
    const verdict = checkCondition(two, seen(start, states('gave-up')), start);
    assert.equal(verdict.kind === 'failed' && verdict.cause.message, 'web does not come up');
  });

  it('of zero slots is met by nothing', () => {
    assert.equal(kindOf({ kind: 'ready', ...web, slots: 0 }, {}), 'met');
  });
});

describe('stopped', () => {
  const fromOne: Condition = { kind: 'stopped', ...web, fromSlot: 1 };

  it('waits for every slot from that number, in whatever state', () => {
    assert.equal(kindOf(fromOne, { slots: [slot(2, 'web', { slot: 0 })] }), 'met');
    for (const state of ['stopping', 'ready', 'gave-up'] as const)
      assert.equal(kindOf(fromOne, { slots: [slot(2, 'web', { slot: 1, state })] }), 'open', state);
  });
});

describe('drained', () => {
  const all: Condition = { kind: 'drained', ...web, fromSlot: 0, budgetMs: 5_000 };

  it('waits while a request is open, or the proxy did not say', () => {
    for (const open of [3, null]) assert.equal(kindOf(all, { slots: [slot(2, 'web', { open })] }), 'open');
    assert.equal(kindOf(all, { slots: [slot(2, 'web', { open: 0 })] }), 'met');
  });

  it('waits for the slots from the one on that it names alone', () => {
    const some: Condition = { ...all, fromSlot: 1 };
    const open = (number: number) => ({ slots: [slot(2, 'web', { slot: number, open: 3 })] });
    assert.deepEqual(
      [0, 1, 2].map((number) => kindOf(some, open(number))),
      ['met', 'open', 'open'],
    );
  });

  it('is over with its budget', () => {
    const slots = [slot(2, 'web', { open: 1 })];
    assert.equal(kindOf(all, { slots }, start + 4_999), 'open');
    assert.equal(kindOf(all, { slots }, start + 5_000), 'met');
  });
});

describe('a job', () => {
  const told: Condition = { kind: 'job-succeeded', key: 'k' };
  const job = (more: Partial<ObservedJob>): ObservedJob => ({
    key: 'k',
    state: 'running',
    exitCode: null,
    signal: null,
    logTail: [],
    ...more,
  });
  const cause = (more: Partial<ObservedJob>) => {
    const verdict = checkCondition(told, seen(start, { jobs: [job(more)] }), start);
    return verdict.kind === 'failed' ? [verdict.cause.message, verdict.cause.inRelease] : verdict.kind;
  };

  it('is waited for while it runs, was never seen, or goes by another key', () => {
    assert.equal(kindOf(told, {}), 'open');
    assert.equal(kindOf(told, { jobs: [job({})] }), 'open');
    assert.equal(kindOf(told, { jobs: [job({ key: 'other', state: 'succeeded' })] }), 'open');
  });

  it('is met by success, and by nothing else', () => {
    assert.equal(cause({ state: 'succeeded', exitCode: 0 }), 'met');
    assert.deepEqual(cause({ state: 'failed', exitCode: 3 }), ['the verification failed (exit code 3)', true]);
  });

  it('that was killed or lost says nothing about the release', () => {
    assert.deepEqual(cause({ state: 'failed', signal: 'SIGKILL' }), [
      'the verification failed (ended by SIGKILL)',
      false,
    ]);
    assert.deepEqual(cause({ state: 'lost' }), ['the verification was lost: its exit status cannot be known', false]);
  });
});

describe('answering', () => {
  const five: Condition = { kind: 'answering', revision: 'production-2', times: 5 };

  it('needs so many answers in a row by this revision', () => {
    const by = (revision: string, inARow: number) => ({ answers: [{ revision, inARow, problem: null }] });
    assert.equal(kindOf(five, by('production-2', 5)), 'met');
    assert.equal(kindOf(five, by('production-2', 4)), 'open');
    assert.equal(kindOf(five, by('production-1', 5)), 'open');
    assert.equal(kindOf(five, {}), 'open');
  });

  it('says why the last one did not count, and without a reason what is missing', () => {
    const what = (problem: string | null) => {
      const answers = [{ revision: 'production-2', inARow: 0, problem }];
      const verdict = checkCondition(five, seen(start, { answers }), start);
      return verdict.kind === 'open' ? verdict.what : verdict.kind;
    };
    assert.equal(what('shop.example refuses'), 'shop.example refuses');
    assert.equal(what(null), 'the public route has not yet answered 5 times with production-2');
  });
});

it('judged-healthy needs that verdict, and says what the judge thinks instead', () => {
  const healthy = { kind: 'judged-healthy' } as const;
  const verdict = (judge: Judgement | null) => checkCondition(healthy, seen(start, { judgement: judge }), start);
  assert.equal(verdict(judgement('healthy')).kind, 'met');
  for (const other of ['undecided', 'harmful'] as const)
    assert.deepEqual(verdict(judgement(other)), { kind: 'open', what: `the failures of web are ${other}` });
  assert.deepEqual(verdict(null), { kind: 'open', what: 'nobody has judged yet' });
});

it('elapsed counts from when the step was performed', () => {
  const watch: Condition = { kind: 'elapsed', ms: 1_000 };
  assert.equal(kindOf(watch, {}, start + 999), 'open');
  assert.equal(kindOf(watch, {}, start + 1_000), 'met');
});
