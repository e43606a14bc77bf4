import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { revision, service } from '../rollout/fixtures/example-rollout.ts';
import type { Bindings } from './bindings.ts';
import { recordedPlane } from './fixtures/recorded-plane.ts';
import { serviceOrder, stepJob } from './orders.ts';

const scope = { app: 'shop', environment: 'production' };
const claiming = service('sizes', { kind: 'worker', port: null, readsClaim: true });
const release = revision(2, [service('web'), claiming]);

function bindings(more: Partial<Bindings> = {}): Bindings {
  return { ...recordedPlane().parts.bindings, revision: async () => release, ...more };
}

describe('the address that a verification is given', () => {
  const effect = { kind: 'job', key: 'k', job: 'verify', revision: release.id } as const;
  const variables = async (baseUrl: 'pinned' | 'public', more: Partial<Bindings> = {}) =>
    (await stepJob(bindings(more), scope, { ...effect, baseUrl })).variables;
  const door = { domains: [], previewDomains: [], https: null, port: null };

  it('is the pinned port of its revision, and it is told so', async () => {
    assert.deepEqual(await variables('pinned'), { BASE_URL: 'http://127.0.0.1:1', LOTSE_PINNED: '1' });
    const ports = async () => ({ pinned: null, internal: {}, inner: null });
    assert.deepEqual(await variables('pinned', { ports }), { LOTSE_PINNED: '1' });
  });

  it('is that of the front door, where there is one', async () => {
    const of = (url: string | null) => ({ frontDoor: async () => ({ ...door, url }) });
    assert.deepEqual(await variables('public', of('https://shop.example')), { BASE_URL: 'https://shop.example' });
    assert.deepEqual(await variables('public', of(null)), {});
  });

  it('is for nothing where the revision has no such job', async () => {
    await assert.rejects(
      stepJob(bindings(), scope, { ...effect, job: 'other', baseUrl: 'public' }),
      /has no job other/,
    );
  });
});

describe('an order', () => {
  const orderOf = async (name: string, claim: 'marked' | null) => {
    const order = { revision: release.id, service: name, slots: 1, claim };
    return await serviceOrder(bindings(), scope, release, order, []);
  };

  it('names a claim only to those who read one; without another word they take everything', async () => {
    assert.equal((await orderOf('sizes', 'marked')).claim, 'marked');
    assert.equal((await orderOf('sizes', null)).claim, 'all');
    assert.equal((await orderOf('web', 'marked')).claim, null);
  });

  it('of a service that the release does not have is a mistake of our own', async () => {
    await assert.rejects(orderOf('api', null), { code: 'internal' });
  });
});
