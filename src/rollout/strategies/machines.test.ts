import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compilePlan } from '../compile-plan.ts';
import { canaryInput, planInput, revision, service } from '../fixtures/example-rollout.ts';
import type { PlanInput } from '../plan-input.ts';

const names = ['ssh://one', 'ssh://two', 'ssh://three', 'ssh://four'];

/** An environment on so many machines, each web service with an instance on each at least. */
const anywhere = fc
  .record({ machines: fc.integer({ min: 1, max: 4 }), more: fc.array(fc.nat(6), { minLength: 4, maxLength: 4 }) })
  .map(({ machines, more: [a = 0, b = 0, c = 0, d = 0] }) => {
    const servers = names.slice(0, machines);
    const services = (web: number, api: number) => [
      service('web', { instances: machines + web }),
      service('api', { path: '/api', instances: machines + api }),
    ];
    const sides = {
      from: revision(1, services(a, b), { target: 'docker', servers }),
      to: revision(2, services(c, d), { target: 'docker', servers }),
    };
    return { machines, sides };
  });

/** Every way there and back, a step at a time: slots and shares as ordered. */
function checkLevels(input: PlanInput, machines: number): void {
  const slots = new Map(
    (input.from?.services ?? []).map(({ service: name, instances }) => [`production-1/${name}`, instances]),
  );
  let sharing: readonly string[] = ['production-1'];
  for (const { id, effects } of compilePlan(input).steps) {
    for (const effect of effects) {
      if (effect.kind === 'ensure') slots.set(`${effect.revision}/${effect.service}`, effect.slots);
      if (effect.kind === 'route' && effect.level.kind === 'shares')
        sharing = effect.level.shares.filter(({ permille }) => permille > 0).map((share) => share.revision);
      for (const each of sharing.flatMap((shared) => [`${shared}/web`, `${shared}/api`]))
        assert.ok((slots.get(each) ?? 0) >= machines, `${id}: ${slots.get(each) ?? 0} of ${each}`);
    }
  }
}

test('on several machines each of them has an instance of every release that has users, at every moment', () => {
  fc.assert(
    fc.property(anywhere, fc.constantFrom('rolling', 'blue-green'), ({ machines, sides }, strategy) =>
      checkLevels(planInput({ ...sides, strategy }), machines),
    ),
  );
  fc.assert(fc.property(anywhere, ({ machines, sides }) => checkLevels(canaryInput([10, 300, 600], sides), machines)));
});

test('rolling takes an instance on each machine at a time, and with one on each it is blue-green', () => {
  const on = (instances: number) => {
    const services = [service('web', { instances })];
    const place = { target: 'docker', servers: names.slice(0, 3) } as const;
    const sides = { from: revision(1, services, place), to: revision(2, services, place) };
    return compilePlan(planInput({ ...sides, strategy: 'rolling' })).steps.map(({ title }) => title);
  };
  assert.ok(on(6).includes('start instance 2 on each machine of r2'), on(6).join('; '));
  assert.ok(!on(6).some((title) => title.includes('instance 3')));
  assert.ok(on(3).every((title) => !title.includes('on each machine')));
});
