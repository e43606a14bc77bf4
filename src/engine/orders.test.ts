import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RoutedEnvironment, RoutedInstance, RoutedService } from '../core/routing-document.ts';
import { revision, service } from '../rollout/fixtures/example-rollout.ts';
import type { Bindings } from './bindings.ts';
import { recordedPlane } from './fixtures/recorded-plane.ts';
import { jobOrder, namedAddresses, oneOffOrder, serviceOrder, stepJob } from './orders.ts';

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

  it('is that of its own network, where its instances do not share the loopback of this machine', async () => {
    const inner = { host: '172.30.1.1', network: '172.30.1.0/24' };
    const frontDoor = async () => ({ ...door, url: 'https://shop.example' });
    const of = (publicPort: number | null) => ({
      ...{ frontDoor, ports: async () => ({ pinned: 4_002, internal: {}, inner: { ...inner, publicPort } }) },
    });
    assert.deepEqual(await variables('public', of(8_101)), { BASE_URL: 'http://127.0.0.1:8101' });
    assert.deepEqual(await variables('public', of(null)), { BASE_URL: 'https://shop.example' });
    assert.equal((await variables('pinned', of(8_101)))['BASE_URL'], 'http://127.0.0.1:4002');
  });

  for (const verification of [release.verification, null]) {
    const which = verification === null ? 'none at all' : 'another one';
    it(`is for nothing where the revision has no such job, but ${which}`, async () => {
      const without = bindings({ revision: async () => ({ ...release, verification }) });
      await assert.rejects(stepJob(without, scope, { ...effect, job: 'other', baseUrl: 'public' }), /has no job other/);
    });
  }
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

/** Surroundings that tell whose they are. */
const told: Partial<Bindings> = {
  surroundings: async (_, { id }, of) => ({
    variables: { OF: `${of} of ${id}`, MODE: 'live' },
    storeFolders: ['/files'],
  }),
};
const spread = { ...release, servers: ['one', 'two'] };
const job = { job: 'migrate', argv: ['npm', 'run', 'migrate'], root: 'app', withinMs: 60_000 };

describe('what a job is given', () => {
  const wanted = { key: 'k', revision: spread, definition: job, variables: { MODE: 'dry', BASE_URL: 'http://a' } };

  it('is what its revision has and what it brings itself, which comes first', async () => {
    assert.deepEqual(await jobOrder(bindings(told), scope, wanted), {
      ...{ ...scope, key: 'k', revision: release.id, target: 'process', servers: ['one', 'two'] },
      ...{ artifact: release.artifact, argv: job.argv, root: 'app', withinMs: 60_000, forgets: [] },
      variables: { OF: `null of ${release.id}`, MODE: 'dry', BASE_URL: 'http://a' },
      storeFolders: ['/files'],
    });
  });

  it('is the config of a service, where that is wanted, and which jobs are kept no longer', async () => {
    const order = await jobOrder(bindings(told), scope, { ...wanted, service: 'web', forgets: ['k-1', 'k-2'] });
    assert.equal(order.variables['OF'], `web of ${release.id}`);
    assert.deepEqual(order.forgets, ['k-1', 'k-2']);
  });
});

it('what runs once as a service runs has all of its order but what is about instances', async () => {
  const wanted = { revision: spread, service: 'sizes', key: 'once', argv: ['node'], terminal: null };
  assert.deepEqual(await oneOffOrder(bindings(told), scope, wanted), {
    ...{ ...scope, key: 'once', argv: ['node'], terminal: null },
    ...{ revision: release.id, release: release.release, artifact: release.artifact, definition: claiming },
    ...{ target: 'process', servers: ['one', 'two'] },
    variables: { OF: `sizes of ${release.id}`, MODE: 'live' },
    storeFolders: ['/files'],
  });
});

describe('machines that nobody names', () => {
  it('are none, for services and for jobs', async () => {
    const order = { revision: release.id, service: 'web', slots: 1, claim: null };
    assert.deepEqual((await serviceOrder(bindings(), scope, release, order, [])).servers, []);
    const wanted = { key: 'k', revision: release, definition: job, variables: {} };
    assert.deepEqual((await jobOrder(bindings(), scope, wanted)).servers, []);
  });
});

describe('addresses that are named', () => {
  const instance = (port: number): RoutedInstance => {
    return { slot: 0, address: { host: '127.0.0.1', port }, state: 'accepting', drainMs: 0 };
  };
  const routed = (name: string, ...instances: readonly RoutedInstance[]) => {
    const more = {
      path: '/',
      stickiness: { kind: 'none' },
      internalPort: null,
      lateAfterMs: [],
      assets: null,
    } as const;
    return { service: name, instances, readyPath: null, ...more };
  };
  const environment = (name: string, ...revisions: readonly (readonly RoutedService[])[]): RoutedEnvironment => ({
    ...{ app: 'shop', environment: name, domains: [], port: null, mode: { kind: 'serving' }, epoch: 1, salt: '' },
    ...{ shares: [], previewDomains: [], https: null },
    revisions: revisions.map((services, index) => {
      return { revision: `${name}-${index}`, release: `r${index}`, pinnedPort: null, services };
    }),
  });

  it('are those of every instance of every environment', () => {
    const environments = [
      environment('production', [routed('web', instance(1), instance(2)), routed('api', instance(3))], [routed('web')]),
      environment('staging', [routed('web', instance(4))], [routed('web', instance(5))]),
    ];
    const ports = (of: readonly RoutedEnvironment[]) => namedAddresses(of).map(({ port }) => port);
    assert.deepEqual(ports(environments), [1, 2, 3, 4, 5]);
    assert.deepEqual(ports(environments), [1, 2, 3, 4, 5]);
    assert.deepEqual(ports([]), []);
  });

  it('are gathered once for each list, however many orders ask', () => {
    const environments = [environment('production', [routed('web', instance(1))])];
    assert.equal(namedAddresses(environments), namedAddresses(environments));
  });
});
