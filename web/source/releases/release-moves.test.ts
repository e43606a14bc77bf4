import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Harbour } from '../../../test/fixtures/dashboard/harbour.ts';
import { orderEnvironments } from '../overview/order-environments.ts';
import { movesOf, wayTo } from './release-moves.ts';

const harbour = new Harbour();
const numberOf = (id: string) => harbour.releases.find((release) => release.id === id)?.number ?? null;
const movesOfNumber = (number: number) => {
  const release = harbour.releases.find((each) => each.number === number);
  assert.ok(release !== undefined);
  return movesOf(release, harbour.environments, numberOf);
};

test('a new release goes to the first environment, and not past it', () => {
  assert.deepEqual(movesOfNumber(9), [{ kind: 'deploy', environment: 'staging' }]);
});

test('what the environment before has verified can be promoted', () => {
  assert.deepEqual(movesOfNumber(8), [{ kind: 'promote', environment: 'production' }]);
});

test('where a release served last it can come back', () => {
  assert.deepEqual(movesOfNumber(5), [{ kind: 'roll-back', environment: 'production' }]);
});

test('a release in quarantine is not offered where it is', () => {
  assert.deepEqual(movesOfNumber(6), []);
});

test('environments stand in the order in which a release passes them', () => {
  const places = [
    { environment: 'production', after: 'staging' },
    { environment: 'dev', after: null },
    { environment: 'staging', after: 'dev' },
  ];
  const names = orderEnvironments(places).map((each) => each.environment);
  assert.deepEqual(names, ['dev', 'staging', 'production']);
});

test('environments that follow each other in a circle are still shown', () => {
  const circle = [
    { environment: 'a', after: 'b' },
    { environment: 'b', after: 'a' },
  ];
  assert.equal(orderEnvironments(circle).length, 2);
});

test('a release goes back to where it was live before what serves, and on to everywhere else', () => {
  const all = [1, 2, 3].map((number) => ({ id: `r${number}`, number }));
  const place = { environment: 'production', release: 'r2' };
  const lived = (release: string) => ({ environment: 'production', release, liveAt: 5 });
  const way = (number: number, rollouts: Parameters<typeof wayTo>[3]) =>
    wayTo({ id: `r${number}`, number }, place, all, rollouts);
  assert.equal(way(2, []), 'here');
  assert.equal(way(1, [lived('r1')]), 'back');
  assert.equal(way(1, [{ ...lived('r1'), liveAt: null }]), 'on');
  assert.equal(way(1, [{ ...lived('r1'), environment: 'staging' }]), 'on');
  assert.equal(way(3, [lived('r3')]), 'on');
});
