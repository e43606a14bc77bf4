import assert from 'node:assert/strict';
import { test } from 'node:test';
import { affectedKeys, readChange, readLook, type Look } from './affected-keys.ts';

const change = (type: string, app: string | null = 'shop') => ({ position: 1, app, environment: 'production', type });

test('a step affects environments, rollouts and the journal of its app, and no releases', () => {
  assert.deepEqual(affectedKeys([change('step-done')]), [
    ['app', 'shop', 'environments'],
    ['app', 'shop', 'rollout'],
    ['app', 'shop', 'journal'],
  ]);
});

test('the end of a rollout affects releases too', () => {
  const keys = affectedKeys([change('rollout-ended')]).map((key) => key.join('/'));
  assert.ok(keys.includes('app/shop/releases'));
  assert.ok(keys.includes('app/shop/rollouts'));
});

test('a change of an unknown kind affects all that is shown of its app', () => {
  assert.deepEqual(affectedKeys([change('moon-risen')]), affectedKeys([change('rollout-ended')]));
});

test('what is set, switched or sent affects the settings of its app', () => {
  for (const type of ['config-changed', 'secret-rotated', 'flag-changed', 'scheduled-run-ended']) {
    assert.ok(affectedKeys([change(type)]).some((key) => key.join('/') === 'app/shop/settings'));
  }
});

test('changes that come together ask for each thing once', () => {
  const keys = affectedKeys([change('step-done'), change('step-intended'), change('gates-passed')]);
  assert.equal(keys.length, 3);
});

test('a change of the control plane itself affects everything', () => {
  assert.ok(affectedKeys([change('stream-reset', null)]).some((key) => key.length === 1 && key[0] === 'app'));
});

test('what is no change is not taken for one', () => {
  assert.equal(readChange('no JSON'), null);
  assert.equal(readChange('[1]'), null);
  assert.equal(readChange('{"app":"shop"}'), null);
  assert.deepEqual(readChange('{"type":"step-done","app":"shop","environment":null,"position":4}'), {
    position: 4,
    app: 'shop',
    environment: null,
    type: 'step-done',
  });
});

test('what looks different affects the views that show it, and no others', () => {
  const look = (what: Look['what']): Look => ({ app: 'shop', environment: 'staging', what });
  assert.deepEqual(affectedKeys([look('instances'), look('instances')]), [['app', 'shop', 'environments']]);
  assert.deepEqual(affectedKeys([look('judgement')]), [['app', 'shop', 'rollout']]);
  assert.deepEqual(affectedKeys([look('traffic')]), [['app', 'shop', 'series']]);
  assert.deepEqual(
    affectedKeys([look('jobs'), look('messages')]),
    ['jobs', 'hand-runs', 'job-run', 'notifications'].map((name) => ['app', 'shop', 'settings', 'staging', name]),
  );
});

test('a change and a look that come together ask for each thing once', () => {
  const look: Look = { app: 'shop', environment: 'production', what: 'instances' };
  assert.deepEqual(affectedKeys([change('step-done'), look]), affectedKeys([change('step-done')]));
});

test('what is no look is not taken for one', () => {
  assert.equal(readLook('no JSON'), null);
  assert.equal(readLook('{"app":"shop","environment":"production","what":"weather"}'), null);
  assert.equal(readLook('{"app":"shop","what":"judgement"}'), null);
  assert.deepEqual(readLook('{"app":"shop","environment":"production","what":"judgement"}'), {
    app: 'shop',
    environment: 'production',
    what: 'judgement',
  });
});
