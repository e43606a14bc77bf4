import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ada, plan, start, stateAfter, upTo } from '../rollout/fixtures/example-rollout.ts';
import type { GateResult } from '../rollout/gate.ts';
import { Foresight } from './foresight.ts';

const gated = plan({ gates: [{ id: 'approval', kind: 'approval', approvals: 1 }] });
const waiting = stateAfter(gated, ...upTo(gated, 'verify-before', 'performed'));
const open: GateResult = { gate: 'approval', title: 't', state: { kind: 'open', evidence: ['e'] }, message: 'm' };

describe('foresight', () => {
  let now = start;
  let asked = 0;
  let answer: () => Promise<readonly GateResult[]> = async () => [open];
  let foresight: Foresight;
  beforeEach(() => {
    now = start;
    asked = 0;
    answer = async () => [open];
    const gates = async () => {
      asked++;
      return await answer();
    };
    foresight = new Foresight({ clock: { uptime: () => now }, bindings: { gates } });
  });

  it('knows the gates of the step to come for as long as the answer is fresh, and asks twice a second at most', async () => {
    await foresight.look(waiting);
    await foresight.look(waiting);
    assert.deepEqual([asked, foresight.of('shift'), foresight.of('start')], [1, [open], null]);
    now += 500;
    await foresight.look(waiting);
    assert.equal(asked, 2);
    now += 1_500;
    assert.deepEqual(foresight.of('shift'), [open]);
    now += 1;
    assert.equal(foresight.of('shift'), null);
  });

  it('spends at most a tenth of the time on asking, and counts the age of an answer from the question', async () => {
    answer = async () => {
      now += 1_000;
      return [open];
    };
    await foresight.look(waiting);
    now += 501;
    assert.equal(foresight.of('shift'), null);
    now += 8_498;
    await foresight.look(waiting);
    assert.equal(asked, 1);
    now += 1;
    await foresight.look(waiting);
    assert.equal(asked, 2);
  });

  it('forgets when something has changed, and survives gates that cannot be asked', async () => {
    await foresight.look(waiting);
    foresight.forget();
    assert.equal(foresight.of('shift'), null);
    await foresight.look(waiting);
    assert.equal(asked, 2);
    now += 500;
    answer = () => Promise.reject(new Error('no'));
    await foresight.look(waiting);
    assert.deepEqual([asked, foresight.of('shift')], [3, []]);
  });

  it('asks at once about another step, however lately those of the one before were asked', async () => {
    const steps = gated.steps.map((step) => ({ ...step, gates: ['approval'] }));
    await foresight.look(waiting);
    await foresight.look({ ...waiting, plan: { ...gated, steps }, index: waiting.index + 1 });
    assert.deepEqual([asked, foresight.of('shift')], [2, null]);
  });

  it('looks only ahead of a step that waits on its way forward', async () => {
    await foresight.look({ ...waiting, direction: 'back' });
    await foresight.look({ ...waiting, pause: { by: ada, reason: null, until: start + 1_000 } });
    await foresight.look(stateAfter(gated, ...upTo(gated, 'verify-before', 'intended')));
    await foresight.look(stateAfter(gated, ...upTo(gated, 'watch', 'performed')));
    assert.equal(asked, 0);
  });
});
