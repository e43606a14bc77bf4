import assert from 'node:assert/strict';
import { it } from 'node:test';
import { berths } from './berths.ts';
import { measureRecovery } from './measure-recovery.ts';

it('rollouts at every kind of step are taken up after a SIGKILL, and end as they should', async () => {
  const rollouts = berths.length;
  const { held, lost, twice } = await measureRecovery({ rollouts, rolloutsBefore: 2, kills: 2 });
  for (const { inBerth, deeds, forgotten } of held)
    assert.deepEqual({ inBerth, deeds, forgotten }, { inBerth: rollouts, deeds: 0, forgotten: 0 });
  assert.deepEqual(lost, []);
  assert.equal(twice, 0, 'something was started twice');
});
