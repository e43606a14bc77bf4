import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { LotseError } from '../core/errors.ts';
import type { JudgeRules } from '../rollout/judge/judge-rules.ts';
import { firstEpoch, JudgedWorld, rules } from './fixtures/judged-world.ts';
import { parseJudged } from './judged-record.ts';

const record = 'judged:shop/production-rollout-2';
const diskFull = new LotseError('disk-full', 'the disk is full', { retriable: true });
const settled = (world: JudgedWorld) => ({ end: { kind: 'settled', at: world.now } }) as const;

/** Two minutes and more. */
async function tidyForLong(world: JudgedWorld, change: Parameters<JudgedWorld['tidy']>[0]): Promise<void> {
  for (let second = 0; second < 130; second++) await world.tidy(change);
}

describe('at the end of a rollout', () => {
  it('its evidence is closed once, and the process may end between any two writes', async (t) => {
    const world = await JudgedWorld.open(t);
    world.proxy.count('new', 20);
    await world.look();
    world.points.length = 0;
    await world.tidy(settled(world));
    assert.deepEqual(world.points, [
      'judge: before closing evidence',
      'judge: evidence closed',
      'judge: checkpoint removed',
    ]);
    world.diskProblem = diskFull;
    await tidyForLong(world, settled(world));
    assert.deepEqual(world.problems, [], 'the disk is not asked again');
  });

  it('what was thought last is kept, also where the evidence for it could not be written', async (t) => {
    const world = await JudgedWorld.open(t);
    world.proxy.count('new', 20);
    await world.look();
    world.diskProblem = diskFull;
    world.proxy.count('new', 60, 60);
    world.proxy.count('old', 380);
    assert.equal((await world.look())?.verdict, 'harmful');
    world.diskProblem = null;
    await world.tidy(settled(world));
    assert.equal(parseJudged(await world.checkpoints.load(record))?.judgement.verdict, 'harmful');
  });
});

describe('the proxy', () => {
  it('may forget closed epochs also while a rollout is under way that nobody judges', async (t) => {
    const world = await JudgedWorld.open(t);
    world.proxy.open(firstEpoch + 1);
    await tidyForLong(world, { plan: { ...world.plan, judge: null } });
    assert.deepEqual([world.proxy.acknowledged, world.proxy.asked], [['start-1/3'], 2]);
  });

  it('is told nothing where no epoch is closed', async (t) => {
    const world = await JudgedWorld.open(t);
    let told = 0;
    world.proxy.acknowledge = async () => void told++;
    await tidyForLong(world, settled(world));
    assert.deepEqual([world.proxy.asked, told], [2, 0]);
  });

  it('is asked nothing where nothing was ever released', async (t) => {
    const world = await JudgedWorld.open(t);
    for (let second = 0; second < 130; second++) {
      world.now += 1_000;
      await world.judging.tidy(world.view(null));
    }
    assert.equal(world.proxy.asked, 0);
  });
});

describe('when nobody could look for ten seconds', () => {
  /** 20 % of the requests to the new release fail, and 1 % of those to the old one. */
  async function judged(t: TestContext, more: Partial<JudgeRules>) {
    const world = await JudgedWorld.open(t, { ...rules, margin: 30, ...more });
    world.proxy.count('new', 200, 40);
    world.proxy.count('old', 4_000, 40);
    const seen = await world.look();
    assert.equal(seen?.verdict, 'undecided');
    return { world, seen };
  }
  const limits: JudgeRules['limits'] = [{ kind: 'failures', mostRate: 0.05 }];
  const cases: readonly {
    readonly what: string;
    readonly isKnown: boolean;
    /** By what the failures cost. */
    readonly judge: (spent: number) => Partial<JudgeRules>;
  }[] = [
    { what: 'what is undecided is forgotten', isKnown: false, judge: () => ({}) },
    { what: 'a limit that was broken stays broken', isKnown: true, judge: () => ({ limits }) },
    { what: 'a budget that was spent stays spent', isKnown: true, judge: (spent) => ({ exposureBudget: spent }) },
    { what: 'what leaves some budget is forgotten', isKnown: false, judge: (spent) => ({ exposureBudget: spent + 1 }) },
  ];
  for (const { what, judge, isKnown } of cases) {
    it(what, async (t) => {
      const { seen: without } = await judged(t, {});
      assert.ok(without.exposure.spent > 0);
      const { world, seen } = await judged(t, judge(without.exposure.spent));
      world.proxy.isAway = true;
      assert.deepEqual(await world.look(11_000), isKnown ? seen : null);
    });
  }
});

it('a look that fails is told again when one was made in between', async (t) => {
  const world = await JudgedWorld.open(t);
  for (const isAway of [true, true, false, true]) {
    world.proxy.isAway = isAway;
    await world.look();
  }
  assert.deepEqual(world.problems, Array(2).fill('judging: the proxy does not answer'));
});
