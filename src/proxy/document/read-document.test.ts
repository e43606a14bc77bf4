import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LotseError } from '../../core/errors.ts';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { readDocument } from './read-document.ts';

describe('the thresholds of a service in a document', () => {
  const written = (lateAfterMs: unknown): unknown => {
    const routed = { ...service([instance(1)]), lateAfterMs };
    const { environments, ...rest } = document([environment([revision('one', [])])]);
    return {
      ...rest,
      environments: environments.map((each) => ({
        ...each,
        revisions: [{ ...revision('one', []), services: [routed] }],
      })),
    };
  };
  const read = (lateAfterMs: unknown) =>
    readDocument(written(lateAfterMs)).environments[0]?.revisions[0]?.services[0]?.lateAfterMs;

  it('are at most four, ascending', () => {
    for (const list of [[], [1], [50, 100, 800, 5_000]]) assert.deepEqual(read(list), list);
  });

  for (const [problem, value] of Object.entries({
    'should have at most 4 thresholds': [1, 2, 3, 4, 5],
    'should ascend': [100, 50],
    'lateAfterMs should ascend': [100, 100],
    'lateAfterMs[0] should be a whole number from 1': [0, 100],
    'lateAfterMs[1] should be a whole number from 1': [100, 200.5],
    'lateAfterMs[2] should be': [100, 200, '300'],
    'should be a whole number from 1': 'soon',
  }))
    it(`are refused when they ${problem}: ${JSON.stringify(value)}`, () =>
      assert.throws(
        () => read(value),
        (error) => error instanceof LotseError && error.code === 'bad-input' && error.message.includes(problem),
      ));

  it('of a writer of before are null or one number, which becomes a list', () => {
    assert.deepEqual([read(null), read(750)], [[], [750]]);
  });
});
