import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SimulatedJournal } from '../../test/simulation/simulated-journal.ts';
import type { EventDraft } from '../core/events.ts';
import { chainOf } from '../core/ids.ts';
import { ada, plan, start, through } from '../rollout/fixtures/example-rollout.ts';
import type { DecidedEvent } from '../rollout/rollout-events.ts';
import { EnvironmentLog } from './environment-log.ts';
import { recordedPlane } from './fixtures/recorded-plane.ts';

const scope = { app: 'shop', environment: 'production' };
const planned: DecidedEvent = { type: 'rollout-planned', payload: { plan: plan() }, actor: ada };
const downed: DecidedEvent = { type: 'environment-downed', payload: {}, actor: ada };
const adopted: DecidedEvent = { type: 'upstream-adopted', payload: { host: '10.0.0.7', port: 80 }, actor: ada };
const firstSteps = plan()
  .steps.slice(0, 1)
  .flatMap((step) => through(step, 'forward'));
/** Others write to the environment's chain too. */
const foreign: EventDraft = {
  ...{ type: 'config-changed', version: 1, actor: ada, reason: null, correlationId: null },
  payload: { key: 'COLOUR' },
};

/** A journal, and logs that read and write it one after the other. */
function journalled() {
  const kept = new SimulatedJournal();
  const { parts } = recordedPlane();
  const points: string[] = [];
  const chain = chainOf(scope);
  const write = (...drafts: readonly EventDraft[]) => kept.append(chain, parts.lock.fence, drafts, start);
  const journal = {
    ...parts.journal,
    append: async (_: string, __: number, drafts: readonly EventDraft[]) => write(...drafts),
    read: async (_: string, query: Parameters<SimulatedJournal['read']>[0]) => kept.read(query),
  };
  const log = () => new EnvironmentLog({ ...parts, journal, atPoint: (point) => points.push(point) }, scope);
  return { log, write, points };
}

describe('the log of an environment', () => {
  it('is read to its end however long it is, with what others have written there', async () => {
    const { log, write } = journalled();
    write(...Array.from({ length: 1_100 }, () => foreign));
    const before = log();
    await before.load();
    await before.append(plan().rollout, [planned, ...firstSteps]);
    write(foreign);
    const { sequence, rollout, environment } = await log().load();
    assert.equal(sequence, 1_100 + 1 + firstSteps.length + 1);
    assert.deepEqual(rollout, before.view.rollout);
    assert.equal(rollout?.index, 1);
    assert.deepEqual(environment, before.view.environment);
  });

  it('has no rollout after a person has taken down, or adopted, what was never released to', async () => {
    for (const [first, level] of [
      [downed, 'maintenance'],
      [adopted, 'adopted'],
    ] as const) {
      const { log } = journalled();
      await log().append(null, [first]);
      const view = await log().load();
      assert.deepEqual([view.sequence, view.rollout, view.environment.level.kind], [1, null, level]);
    }
  });

  it('is damaged where a rollout goes on that was never planned', async () => {
    const { log } = journalled();
    await assert.rejects(log().append(plan().rollout, firstSteps), {
      code: 'journal-damaged',
      message: 'shop/production has step-intended before any plan',
    });
    await assert.rejects(log().load(), { code: 'journal-damaged' });
  });

  it('may lose its process right before and right after each write, which are named by what is written', async () => {
    const { log, points } = journalled();
    await log().append(plan().rollout, [planned, downed]);
    assert.deepEqual(points, [
      'before writing rollout-planned, environment-downed',
      'after writing rollout-planned, environment-downed',
    ]);
  });
});
