import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allRoles, hasRole, maySee, mayTouch, refuseTokenRequest, rolesInForce, sayBounds } from './accounts.ts';
import type { Caller } from './accounts.ts';
import type { Role, TokenRequest } from './accounts-api.ts';

const caller: Caller = {
  ...{ kind: 'person', id: 'p1', name: 'Ada', actor: { kind: 'person', id: 'p1' }, app: null, environments: null },
  ...{ roles: ['developer'], credential: { kind: 'session', id: 's1' } },
};
const request: TokenRequest = {
  ...{ name: 'laptop', roles: ['developer'], speaksFor: 'me', app: null, environments: null, validMs: null },
};

test('each role passes exactly where the table says so', () => {
  const passes = Object.fromEntries(
    allRoles.map((wanted) => [wanted, allRoles.filter((has) => hasRole([has], wanted))]),
  );
  assert.deepEqual(passes, {
    viewer: ['viewer', 'developer', 'approver', 'operator', 'admin'],
    developer: ['developer', 'operator', 'admin'],
    approver: ['approver'],
    operator: ['operator', 'admin'],
    admin: ['admin'],
  });
  assert.equal(hasRole([], 'viewer'), false);
});

test('what is bound to environments touches nothing else, and sees what belongs to its app', () => {
  const bound = { app: 'shop', environments: ['staging', 'preview'] };
  assert.equal(mayTouch(bound, { app: 'shop', environment: 'staging' }), true);
  assert.equal(mayTouch(bound, { app: 'shop', environment: 'preview' }), true);
  assert.equal(mayTouch(bound, { app: 'shop', environment: 'production' }), false);
  assert.equal(mayTouch(bound, { app: 'other', environment: 'staging' }), false);
  assert.equal(mayTouch(bound, { app: 'shop', environment: null }), false);
  assert.equal(maySee(bound, { app: 'shop', environment: null }), true);
  assert.equal(maySee(bound, { app: 'shop', environment: 'production' }), false);
  assert.equal(maySee(bound, { app: null, environment: null }), false);
  assert.equal(mayTouch({ app: null, environments: null }, { app: null, environment: null }), true);
  assert.equal(sayBounds(bound), 'shop/staging,preview');
});

test("a person's token loses what the person has lost", () => {
  assert.deepEqual(rolesInForce(['developer', 'approver'], ['developer']), ['developer']);
  assert.deepEqual(rolesInForce(['developer'], ['admin']), ['developer']);
  assert.deepEqual(rolesInForce(['viewer'], []), []);
});

test('nobody can hand on more than they have', () => {
  const refused = (who: Partial<Caller>, what: Partial<TokenRequest>, code: string): void =>
    assert.throws(() => refuseTokenRequest({ ...caller, ...who }, { ...request, ...what }), { code });
  const admin: { roles: Role[] } = { roles: ['admin'] };
  refuseTokenRequest(caller, request);
  refuseTokenRequest({ ...caller, ...admin }, { ...request, speaksFor: 'system' });
  refused({}, { roles: ['operator'] }, 'forbidden');
  refused(admin, { roles: ['approver'] }, 'forbidden');
  refused({}, { speaksFor: 'system' }, 'forbidden');
  refused({ credential: { kind: 'token', id: 't' } }, {}, 'forbidden');
  refused({ ...admin, kind: 'token', actor: { kind: 'token', id: 't' } }, {}, 'bad-input');
  refused({ app: 'shop' }, {}, 'forbidden');
  refused({ app: 'shop' }, { app: 'other' }, 'forbidden');
  const bound = { app: 'shop', environments: ['staging', 'preview'] };
  refuseTokenRequest({ ...caller, app: 'shop' }, { ...request, app: 'shop', environments: ['staging'] });
  refuseTokenRequest({ ...caller, ...bound }, { ...request, app: 'shop', environments: ['preview'] });
  refused(bound, { app: 'shop' }, 'forbidden');
  refused(bound, { app: 'shop', environments: ['staging', 'production'] }, 'forbidden');
});
