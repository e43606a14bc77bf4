import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { courseOf } from './course.ts';
import { examine, type Sabotage } from './examine.ts';
import { sailSeeds } from './fleet.ts';
import { judgeBounds, noVoyages, together, type FleetReport } from './fleet-report.ts';
import { plantedBugs } from './planted-bugs.ts';
import { shrink } from './shrink.ts';
import { storyOf } from './story.ts';

const mostRollouts = 10_000;
const seedsAtOnce = 5;
const leastLikely = 1e-6;

/** Sails until something breaks, or a judge is wrong more often than it may be. */
async function search(sabotage: Sabotage): Promise<FleetReport> {
  let report = noVoyages;
  for (let seed = 1; report.rollouts < mostRollouts; seed += seedsAtOnce) {
    report = together(report, await sailSeeds(seed, seedsAtOnce, sabotage));
    const wrong = judgeBounds(report).find(({ probability }) => probability < leastLikely);
    if (wrong !== undefined) return { ...report, failure: { seed, violations: [`too often: ${wrong.what}`] } };
    if (report.failure !== null) return report;
  }
  return report;
}

describe('the simulator finds', () => {
  for (const [name, sabotage] of Object.entries(plantedBugs)) {
    it(name, async (test) => {
      const { failure, rollouts } = await search(sabotage);
      assert.ok(failure !== null, `not found in ${rollouts} rollouts`);
      test.diagnostic(`after ${rollouts} rollouts, seed ${failure.seed}: ${failure.violations[0]?.split('\n')[0]}`);
    });
  }
});

it('what breaks is told by a shorter voyage, and always the same one', async () => {
  const sabotage = plantedBugs['the way back leaves users where they are'];
  assert.ok(sabotage !== undefined);
  const { failure } = await search(sabotage);
  assert.ok(failure !== null);
  const course = courseOf(failure.seed);
  const broken = await examine(course, {}, sabotage);
  assert.deepEqual(broken.violations, failure.violations);
  const shrunk = await shrink(course, broken, sabotage);
  const lines = (examined: typeof broken) => examined.ships.reduce((sum, ship) => sum + ship.trace.length, 0);
  assert.ok(lines(shrunk.examined) <= lines(broken));
  assert.ok(shrunk.examined.violations.length > 0);
  assert.deepEqual(storyOf(await shrink(course, broken, sabotage)), storyOf(shrunk));
});
