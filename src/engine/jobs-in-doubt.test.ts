import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { LotseError } from '../core/errors.ts';
import type { ObservedJob } from '../rollout/facts.ts';
import { plan, stateAfter } from '../rollout/fixtures/example-rollout.ts';
import type { Effect, Plan, Step } from '../rollout/plan.ts';
import type { RolloutState } from '../rollout/rollout-state.ts';
import { recordedPlane } from './fixtures/recorded-plane.ts';
import { JobsInDoubt } from './jobs-in-doubt.ts';

const job = (key: string): Effect => ({
  ...{ kind: 'job', key, job: 'migrate', revision: 'production-2', baseUrl: 'pinned' },
});
const copies: Effect = { kind: 'ensure', revision: 'production-2', service: 'web', slots: 1 };

/** Its first step migrates beside something else and may take that back by a job; its second one verifies. */
function planned(): Plan {
  const example = plan();
  const [first] = example.steps;
  assert.ok(first);
  const { title, until, deadlineMs } = first;
  const undo = { title, until, deadlineMs, ifFails: 'go-on', effects: [job('undo')] } as const;
  const migrate: Step = { ...first, effects: [copies, job('migrate')], compensation: undo };
  const verify: Step = { ...first, effects: [job('verify')], compensation: null };
  return { ...example, steps: [migrate, verify] };
}

/** It migrates. */
const migrating: RolloutState = { ...stateAfter(planned()), stage: 'intended' };
const verifying: RolloutState = { ...migrating, index: 1 };

describe('a job', () => {
  let uptimeMs = 0;
  let asked: string[] = [];
  let problem: LotseError | null = null;
  const states = new Map<string, ObservedJob['state']>();
  const { parts } = recordedPlane();
  const target = {
    ...parts.target,
    observeJob: async (key: string) => {
      asked.push(`how ${key} is`);
      const state = states.get(key);
      return state === undefined ? null : { key, state, exitCode: null, signal: null, logTail: [] };
    },
    cancelJob: async (key: string) => {
      asked.push(`end ${key}`);
      if (problem !== null) throw problem;
      if (states.get(key) === 'running') states.set(key, 'failed');
    },
  };
  let doubts = new JobsInDoubt(parts);
  beforeEach(() => {
    uptimeMs = 0;
    asked = [];
    problem = null;
    states.clear();
    doubts = new JobsInDoubt({ ...parts, target, clock: { ...parts.clock, uptime: () => uptimeMs } });
  });
  /** What is asked of the target when doubts are settled so often. */
  async function askedFor(rollout: RolloutState | null, times = 1): Promise<readonly string[]> {
    asked = [];
    for (let time = 0; time < times; time++) await doubts.settle(rollout);
    return asked;
  }

  const unwanted: Readonly<Record<string, RolloutState>> = {
    'is at another step': verifying,
    'has ended': { ...migrating, end: { kind: 'returned', at: 0 } },
    'is on its way back': { ...migrating, direction: 'back' },
    'has not ordered it again': { ...migrating, stage: 'next' },
  };
  for (const [why, rollout] of Object.entries(unwanted)) {
    it(`in doubt that runs while its rollout ${why} is ended, and forgotten when that is seen`, async () => {
      doubts.add('migrate');
      states.set('migrate', 'running');
      assert.deepEqual(await askedFor(rollout), ['how migrate is', 'end migrate']);
      assert.deepEqual(await askedFor(rollout, 3), ['how migrate is']);
    });
  }

  it('in doubt is left alone while its rollout waits for it, forwards and back', async () => {
    for (const [key, rollout] of [
      ['migrate', migrating],
      ['migrate', { ...migrating, stage: 'performed' }],
      ['undo', { ...migrating, direction: 'back' }],
    ] as const) {
      doubts.add(key);
      states.set(key, 'running');
      assert.deepEqual(await askedFor(rollout), []);
      assert.deepEqual(await askedFor({ ...rollout, end: { kind: 'returned', at: 0 } }, 5), [
        ...[`how ${key} is`, `end ${key}`, `how ${key} is`],
      ]);
    }
  });

  it('in doubt of which nobody has heard may begin within ten minutes, and is asked about for so long', async () => {
    doubts.add('migrate');
    assert.deepEqual(await askedFor(verifying, 2), ['how migrate is', 'how migrate is']);
    uptimeMs = 599_999;
    assert.deepEqual(await askedFor(verifying), ['how migrate is']);
    uptimeMs = 600_000;
    assert.deepEqual(await askedFor(verifying), []);
    uptimeMs = 0;
    assert.deepEqual(await askedFor(verifying), [], 'it is forgotten');
  });

  it('in doubt stays so while nothing is known of a rollout', async () => {
    doubts.add('migrate');
    assert.deepEqual(await askedFor(null), []);
    assert.deepEqual(await askedFor(verifying), ['how migrate is']);
  });

  it('in doubt that no step ordered is left to whoever started it', async () => {
    states.set('probe', 'running');
    for (const rollout of [migrating, verifying]) {
      doubts.add('probe');
      assert.deepEqual(await askedFor(rollout), []);
    }
    uptimeMs = 600_000;
    assert.deepEqual(await askedFor(verifying), []);
  });

  it('of the step at which its rollout turns is ended, and nothing else is asked about it', async () => {
    for (const stage of ['intended', 'performed'] as const) {
      asked = [];
      states.set('migrate', 'running');
      await doubts.end({ ...migrating, stage });
      assert.deepEqual(asked, ['end migrate']);
      assert.deepEqual(await askedFor({ ...migrating, direction: 'back' }), []);
    }
  });

  it('of a step that was not ordered yet is not ended', async () => {
    await doubts.end({ ...migrating, stage: 'next' });
    await doubts.end({ ...verifying, direction: 'back' });
    assert.deepEqual(asked, []);
  });

  it('that cannot be ended when its rollout turns is ended later', async () => {
    states.set('migrate', 'running');
    problem = new LotseError('unreachable', 'the target does not answer', { retriable: true });
    await assert.rejects(doubts.end(migrating), { code: 'unreachable' });
    problem = null;
    assert.deepEqual(await askedFor({ ...migrating, direction: 'back' }), ['how migrate is', 'end migrate']);
  });

  it('that was ordered and never heard of stays in doubt when its rollout turns: it may begin after that', async () => {
    doubts.add('migrate');
    await doubts.end(migrating);
    assert.deepEqual(asked, ['end migrate']);
    states.set('migrate', 'running');
    assert.deepEqual(await askedFor({ ...migrating, direction: 'back' }), ['how migrate is', 'end migrate']);
  });
});
