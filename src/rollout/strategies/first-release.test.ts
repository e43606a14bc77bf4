import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plan, revision, service, worker } from '../fixtures/example-rollout.ts';

const sizes = worker('sizes', { readsClaim: true });
const mails = worker('mails');
const firstSteps = () => plan({ from: null, to: revision(2, [service('web'), sizes, mails]) }).steps;

describe('the workers of a first release', () => {
  it('start with everything else and take all work: there are no old ones to wait for', () => {
    const steps = firstSteps();
    const orders = steps.flatMap((step) => step.effects).filter(({ kind }) => kind === 'claim' || kind === 'ensure');
    assert.deepEqual(orders, [
      { kind: 'claim', revision: 'production-2', service: 'sizes', claim: 'all' },
      ...['web', 'sizes', 'mails'].map((name) => ({
        kind: 'ensure',
        revision: 'production-2',
        service: name,
        slots: 1,
      })),
    ]);
    assert.deepEqual(steps[0]?.effects, orders);
  });

  it('stop after users are on the maintenance page again, which waits for none of them', () => {
    const back = firstSteps()
      .toReversed()
      .flatMap((step) => step.compensation ?? []);
    const waits = back.map(({ until }) => until.flatMap((each) => (each.kind === 'stopped' ? [each.service] : [])));
    assert.deepEqual(waits, [[], ['web', 'sizes', 'mails']]);
  });
});
