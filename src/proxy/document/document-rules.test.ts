import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LotseError } from '../../core/errors.ts';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { refuseMixedEpochs } from './document-rules.ts';

describe('within one epoch', () => {
  const withThresholds = (lateAfterMs: readonly number[], epoch = 1, of = 'one') =>
    document([environment([revision(of, [service([instance(1)], { lateAfterMs })])], { epoch, shares: [] })]);

  it('the thresholds of a service may not change', () => {
    assert.throws(
      () => refuseMixedEpochs(withThresholds([100, 200]), withThresholds([100, 300])),
      (error) =>
        error instanceof LotseError &&
        error.code === 'bad-input' &&
        error.message.includes(
          'the thresholds of service web in revision one of shop/production changed, but its epoch is still 1',
        ),
    );
    assert.throws(() => refuseMixedEpochs(withThresholds([100]), withThresholds([])));
  });

  it('the same thresholds may come again, and a revision that comes new has its own', () => {
    refuseMixedEpochs(withThresholds([100, 200]), withThresholds([100, 200]));
    refuseMixedEpochs(withThresholds([100]), withThresholds([300], 1, 'two'));
  });

  it('the shares may not change', () => {
    const shared = (permille: number) =>
      document([environment([revision('one', []), revision('two', [])], { shares: shares(permille) })]);
    const shares = (permille: number) => [
      { revision: 'one', permille: 1000 - permille },
      { revision: 'two', permille },
    ];
    refuseMixedEpochs(shared(10), shared(10));
    assert.throws(() => refuseMixedEpochs(shared(10), shared(50)), /the shares of shop\/production changed/);
  });

  it('everything may change with the next one', () => {
    refuseMixedEpochs(withThresholds([100]), withThresholds([200], 2));
    refuseMixedEpochs(null, withThresholds([200]));
  });
});
