import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Quality } from '../../test/simulation/behaviour.ts';
import { planFor, revision, service } from '../../test/simulation/shapes.ts';
import { Voyage } from '../../test/simulation/voyage.ts';
import { calm } from '../../test/simulation/weather.ts';
import { LotseError } from '../core/errors.ts';
import type { RolloutState } from '../rollout/rollout-state.ts';
import { rules } from './fixtures/judge-wishes.ts';

/** The real engine and judge, with everything outside them in simulated time. */
const services = [service('web', { instances: 2 })];

/** Release 1 serves, release 2 of this quality begins as a canary. */
async function canary(quality: Quality, seed = 253): Promise<Voyage> {
  const voyage = new Voyage(seed, calm);
  for (const [number, each] of [
    [1, 'good'],
    [2, quality],
  ] as const) {
    const to = revision(number, services);
    voyage.world.add(to, each);
    const shares = [50, 250].map((permille) => ({ permille, everyMs: 0, expectedMs: null }));
    const judged = number === 2 ? { canary: { shares }, holdbackPermille: 50, rules } : {};
    const strategy = number === 2 ? 'canary' : 'blue-green';
    const wanted = { kind: 'deploy', to, strategy, watchMs: 3_000, gates: [], ...judged } as const;
    await voyage.begin((view) => planFor(voyage.world, view.environment, number, wanted));
    if (number === 1) assert.equal(await voyage.end(), 'settled');
  }
  return voyage;
}

function rollout(voyage: Voyage): RolloutState {
  const { rollout: state } = voyage.view;
  if (state === null) throw new Error('there is no rollout');
  return state;
}

/** Nothing of it is left but what was thought in the end, for whoever asks later. */
async function closed(voyage: Voyage): Promise<void> {
  const { scope } = voyage.world;
  await voyage.calmDown();
  const { rollout: id } = rollout(voyage).plan;
  const judged = voyage.engine.judged(scope);
  assert.ok(judged);
  assert.deepEqual(voyage.world.violations, []);
  assert.deepEqual([...voyage.world.shore.checkpoints.keys()], [`judged:shop/${id}`]);
  await voyage.close();
  voyage.restart();
  assert.deepEqual(await voyage.engine.judgedOf(scope, id), judged);
  assert.equal(await voyage.engine.judgedOf(scope, 'production-rollout-1'), null);
  await voyage.close();
}

describe('a canary', () => {
  it('that fails its users is judged harmful and taken back at once, with what the judge said as its cause', async () => {
    const voyage = await canary('fails-users');
    const { time } = voyage.world;
    const isHarmful = () => voyage.engine.judged(voyage.world.scope)?.judgement.verdict === 'harmful';
    assert.ok(await time.pass(isHarmful, 120_000), 'no harm is found');
    const foundAt = time.now;
    await time.pass(() => rollout(voyage).direction === 'back', 2_000);
    assert.ok(time.now - foundAt <= 100, `turned after ${time.now - foundAt} ms`);
    const judged = voyage.engine.judged(voyage.world.scope);
    assert.deepEqual(await voyage.engine.judgedOf(voyage.world.scope, 'production-rollout-2'), judged);
    assert.equal(await voyage.end(), 'returned');
    const { cause } = rollout(voyage);
    assert.deepEqual([cause?.kind, cause?.inRelease], ['judged-harmful', true]);
    assert.equal(cause?.message, judged?.judgement.sentence);
    assert.equal(voyage.world.traffic.answering(), 'production-1');
    await closed(voyage);
  });

  it('that is good is judged healthy over restarts, settles, and what was thought of it is known ever after', async () => {
    const voyage = await canary('good');
    for (let restart = 0; restart < 4; restart++) {
      await voyage.world.time.passMs(3_300);
      await voyage.close();
      voyage.restart();
    }
    assert.equal(await voyage.end(), 'settled', voyage.world.violations.join());
    assert.equal(voyage.engine.judged(voyage.world.scope)?.rollout, 'production-rollout-2');
    await closed(voyage);
  });

  it('is taken back for harm also while nothing can be written to its evidence', async () => {
    const voyage = await canary('fails-users');
    const { checkpoints } = voyage.world.shore;
    const set = checkpoints.set.bind(checkpoints);
    checkpoints.set = () => {
      throw new LotseError('disk-full', 'no', { retriable: true });
    };
    assert.equal(await voyage.end(), 'returned');
    assert.equal(rollout(voyage).cause?.kind, 'judged-harmful');
    checkpoints.set = set;
    await voyage.close();
  });

  it('that nobody can look at is not shifted further, and comes back undecided', async () => {
    const voyage = await canary('good');
    voyage.world.traffic.flow.read = () => {
      throw new LotseError('unreachable', 'no counters', { retriable: true });
    };
    assert.equal(await voyage.end(), 'returned');
    assert.equal(rollout(voyage).cause?.kind, 'undecided');
    assert.equal(rollout(voyage).liveAt, null);
    await voyage.close();
  });
});
