import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environment } from '../../../proxy/fixtures/documents.ts';
import { MissedRoutes } from './missed-routes.ts';

const [shop, blog] = [
  { app: 'shop', environment: 'production' },
  { app: 'blog', environment: 'production' },
] as const;
const routed = (scope: typeof shop | typeof blog, epoch: number) => environment([], { ...scope, epoch });

test('of each environment the last word is what was missed', () => {
  const missed = new MissedRoutes();
  missed.add('one', [routed(shop, 1), routed(blog, 1)], []);
  missed.add('one', [routed(blog, 2)], [shop]);
  missed.add('two', [routed(shop, 3)], []);
  assert.deepEqual(missed.take('one'), { routed: [routed(blog, 2)], left: [shop] });
  assert.equal(missed.take('one'), null);
  assert.deepEqual(missed.take('two'), { routed: [routed(shop, 3)], left: [] });
});

test('what was told after all is not missed any more', () => {
  const missed = new MissedRoutes();
  missed.add('one', [routed(shop, 1)], [blog]);
  missed.forget('one', [shop]);
  assert.deepEqual(missed.take('one'), { routed: [], left: [blog] });
  missed.add('one', [routed(shop, 1)], [blog]);
  missed.forget('one', [blog, shop]);
  assert.equal(missed.take('one'), null);
});
