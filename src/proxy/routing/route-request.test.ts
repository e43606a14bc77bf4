import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { RoutedEnvironment } from '../../core/routing-document.ts';
import { document, environment, instance, loopback, revision, service, testProbeKey } from '../fixtures/documents.ts';
import { InProcessProxy } from '../fixtures/in-process-proxy.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { ask, fieldOf, get, RawClient } from '../fixtures/raw-client.ts';
import { signProbe } from '../probe-signature.ts';

describe('routing', () => {
  const apps: Record<'one' | 'two' | 'api', PlainApp | null> = { one: null, two: null, api: null };
  let proxy: InProcessProxy;
  let front: number;
  let port: number;

  const portOf = (name: keyof typeof apps) => apps[name]?.port ?? 0;
  const one = (more = {}) =>
    revision('one', [service([instance(portOf('one'))], { stickiness: { kind: 'cookie' }, ...more })]);
  const two = (more = {}) =>
    revision('two', [service([instance(portOf('two'))], { stickiness: { kind: 'cookie' }, ...more })]);
  const apply = (more: Partial<RoutedEnvironment>, revisions = [one(), two()]) =>
    proxy.apply(document([environment(revisions, { port, ...more })], { frontPort: front }));
  const shares = (permilleOfTwo: number) => [
    { revision: 'one', permille: 1000 - permilleOfTwo },
    { revision: 'two', permille: permilleOfTwo },
  ];

  beforeEach(async () => {
    for (const name of ['one', 'two', 'api'] as const) apps[name] = await PlainApp.start(() => ok(name));
    proxy = new InProcessProxy();
    front = await proxy.listen();
    port = await proxy.listen();
  });
  afterEach(async () => {
    proxy.stop();
    for (const app of Object.values(apps)) await app?.stop();
  });

  it('finds the environment by name on the front port, whatever its case, port and final dot', async () => {
    apply({ domains: ['shop.test', 'www.shop.test'] }, [one()]);
    for (const host of ['shop.test', 'WWW.Shop.Test:8080', 'shop.test.'])
      assert.equal((await ask(front, get('/', { host }))).body, 'one');
    const unknown = await ask(front, get('/', { host: 'other.test' }));
    assert.deepEqual([unknown.status, JSON.parse(unknown.body).reason], [404, 'unknown-name']);
    assert.equal((await ask(port, get('/', { host: 'anything' }))).body, 'one');
  });

  it('takes the longest path that fits at a segment border', async () => {
    const api = service([instance(portOf('api'))], { service: 'api', path: '/api' });
    apply({}, [revision('one', [service([instance(portOf('one'))]), api])]);
    for (const path of ['/api', '/api/', '/api/x', '/api?x'])
      assert.equal((await ask(port, get(path))).body, 'api', path);
    for (const path of ['/', '/apis', '/apix/api']) assert.equal((await ask(port, get(path))).body, 'one', path);
  });

  it('answers 404 where no service is and 503 where no instance accepts', async () => {
    apply({}, [revision('one', [service([], { path: '/a' })])]);
    assert.equal((await ask(port, get('/'))).status, 404);
    const answer = await ask(port, get('/a'));
    assert.deepEqual(
      [answer.status, JSON.parse(answer.body).reason, fieldOf(answer, 'retry-after')],
      [503, 'no-instance', '1'],
    );
    apply({}, [revision('one', [service([instance(portOf('one'), 'draining')])])]);
    assert.equal((await ask(port, get('/'))).status, 503);
  });

  it('sets the visitor cookie only with stickiness and more than one share in force', async () => {
    const cookie = async () => fieldOf(await ask(port, get('/')), 'set-cookie');
    apply({ shares: shares(1000) });
    assert.equal(await cookie(), null);
    apply({ shares: shares(500) });
    assert.match((await cookie()) ?? '', /^__lotse_v=[0-9a-f-]{36}; Path=\/; HttpOnly; SameSite=Lax$/);
    apply({ shares: shares(500) }, [one({ stickiness: { kind: 'none' } }), two({ stickiness: { kind: 'none' } })]);
    assert.equal(await cookie(), null);
  });

  it('keeps every visitor where it is, and moves it at most once while the share grows', async () => {
    const visitors = new Map<string, string>();
    for (let i = 0; i < 40; i++) visitors.set(`visitor-number-${i}-of-forty`, 'one');
    const client = await RawClient.connect(port).catch(() => null);
    client?.close();
    for (const permille of [0, 10, 100, 250, 500, 750, 1000]) {
      apply({ shares: shares(permille), epoch: permille + 1 });
      for (const [visitor, before] of visitors) {
        const { body } = await ask(port, get('/', { cookie: `__lotse_v=${visitor}` }));
        assert.equal((await ask(port, get('/', { cookie: `__lotse_v=${visitor}` }))).body, body);
        assert.ok(!(before === 'two' && body === 'one'), `${visitor} flipped back at ${permille}`);
        visitors.set(visitor, body);
      }
    }
    assert.deepEqual(new Set(visitors.values()), new Set(['two']));
  });

  it('splits requests without stickiness by the shares', async () => {
    apply({ shares: shares(300) }, [one({ stickiness: { kind: 'none' } }), two({ stickiness: { kind: 'none' } })]);
    const client = await RawClient.connect(port);
    let ofTwo = 0;
    for (let i = 0; i < 1000; i++) {
      client.send(get('/'));
      if ((await client.response()).body === 'two') ofTwo++;
    }
    client.close();
    // Binomial with deviation 14.5.
    assert.ok(ofTwo > 230 && ofTwo < 370, `${ofTwo} of 1000`);
  });

  it('never shows our cookies to an app, and tells it the bucket', async () => {
    apply({ shares: shares(0) });
    await ask(
      port,
      get('/', { cookie: 'a=1; __lotse_v=0123456789abcdef; b=2', 'lotse-bucket': '5', 'lotse-other': 'x' }),
    );
    const head = apps.one?.requests[0]?.head ?? '';
    assert.match(head, /\r\ncookie: a=1; b=2\r\n/);
    assert.doesNotMatch(head, /__lotse|lotse-other/);
    assert.match(head, /\r\nlotse-bucket: \d+\r\n/);
    assert.doesNotMatch(head, /lotse-bucket: 5\r\n.*lotse-bucket/s);
  });

  describe('with a signed probe', () => {
    const probe = (
      request: { bucket: number | null; revision: string | null },
      nowMs = Date.now(),
      key = testProbeKey,
    ) => ({
      'lotse-probe': signProbe(key, request, nowMs),
    });
    const revisionOf = async (fields: Record<string, string>) =>
      fieldOf(await ask(port, get('/', fields)), 'lotse-revision');

    beforeEach(() => apply({ shares: shares(250) }));

    it('says who answered', async () => {
      assert.match((await revisionOf(probe({ bucket: null, revision: null }))) ?? '', /^(one|two) web 0$/);
    });

    it('answers for a bucket and for a revision', async () => {
      assert.equal(await revisionOf(probe({ bucket: 249, revision: null })), 'two web 0');
      assert.equal(await revisionOf(probe({ bucket: 250, revision: null })), 'one web 0');
      assert.equal(await revisionOf(probe({ bucket: 999, revision: 'two' })), 'two web 0');
      assert.equal((await ask(port, get('/', probe({ bucket: null, revision: 'three' })))).status, 404);
    });

    it('that is old, from the future, forged or damaged says nothing and chooses nothing', async () => {
      const good = probe({ bucket: 1, revision: null })['lotse-probe'];
      const bad = [
        probe({ bucket: null, revision: 'two' }, Date.now() - 61_000),
        probe({ bucket: null, revision: 'two' }, Date.now() + 61_000),
        probe({ bucket: null, revision: 'two' }, Date.now(), 'ab'.repeat(32)),
        { 'lotse-probe': good.replace('.1.', '.2.') },
        { 'lotse-probe': good.slice(0, -1) },
        { 'lotse-probe': 'x' },
      ];
      apply({ shares: shares(0) });
      for (const fields of bad) {
        const answer = await ask(port, get('/', fields));
        assert.deepEqual([answer.body, fieldOf(answer, 'lotse-revision')], ['one', null]);
      }
    });

    it('is not counted as traffic', async () => {
      await revisionOf(probe({ bucket: 1, revision: null }));
      assert.deepEqual(proxy.counts(1), []);
    });
  });

  it('answers maintenance with its message and Retry-After', async () => {
    apply({ mode: { kind: 'maintenance', retryAfterS: 120, message: 'Back at <noon>.' } });
    const page = await ask(port, get('/', { accept: 'text/html' }));
    assert.deepEqual([page.status, fieldOf(page, 'retry-after')], [503, '120']);
    assert.match(page.body, /Back at &#60;noon&#62;\./);
    const problem = await ask(port, get('/', { accept: 'application/json' }));
    assert.equal(JSON.parse(problem.body).detail, 'Back at <noon>.');
  });

  it('sends everything to an adopted upstream', async () => {
    apply({ mode: { kind: 'adopted', address: loopback(portOf('api')) }, shares: [] }, []);
    assert.equal((await ask(port, get('/x'))).body, 'api');
    assert.deepEqual(
      proxy.counts(1).map(({ service: name, bucket, ok: good }) => [name, bucket, good]),
      [['adopted', -1, 1]],
    );
  });

  describe('between services', () => {
    let pinned: number;
    let internal: number;

    beforeEach(async () => {
      pinned = await proxy.listen();
      internal = await proxy.listen();
      const api = service([instance(portOf('api'))], { service: 'api', path: '/api', internalPort: internal });
      const web = service([instance(portOf('two'))], { stickiness: { kind: 'cookie' } });
      apply({ mode: { kind: 'maintenance', retryAfterS: 1, message: 'x' }, shares: shares(0) }, [
        one(),
        revision('two', [web, api], { pinnedPort: pinned }),
      ]);
    });

    it('the pinned port answers as the public one would, with its revision only, whatever the mode', async () => {
      assert.equal((await ask(pinned, get('/', { host: 'whatever' }))).body, 'two');
      assert.equal((await ask(pinned, get('/api/x'))).body, 'api');
      const answer = await ask(
        pinned,
        get('/', { 'lotse-probe': signProbe(testProbeKey, { bucket: null, revision: null }, Date.now()) }),
      );
      assert.equal(fieldOf(answer, 'lotse-revision'), 'two web 0');
    });

    it('the internal port of a revision that drains as a whole still reaches it, the public one does not', async () => {
      const api = service([instance(portOf('api'), 'draining')], {
        service: 'api',
        path: '/api',
        internalPort: internal,
      });
      apply({}, [revision('one', [service([instance(portOf('one'), 'draining')]), api])]);
      assert.equal((await ask(internal, get('/api'))).body, 'api');
      assert.equal((await ask(port, get('/api'))).status, 503);
    });

    it('the internal port reaches one service under any path, and carries the caller’s bucket and addresses', async () => {
      assert.equal(
        (
          await ask(
            internal,
            get('/any', { 'lotse-bucket': '42', 'x-forwarded-for': '9.9.9.9', 'x-forwarded-proto': 'https' }),
          )
        ).body,
        'api',
      );
      assert.equal((await ask(internal, get('/any'))).body, 'api');
      const head = apps.api?.requests[0]?.head ?? '';
      assert.match(head, /x-forwarded-for: 9\.9\.9\.9, 127\.0\.0\.1\r\nx-forwarded-proto: https\r\n/);
      assert.match(head, /lotse-bucket: 42\r\n/);
      assert.deepEqual(
        proxy.counts(1).map(({ service: name, bucket, ok: good }) => [name, bucket, good]),
        [
          ['api', -1, 1],
          ['api', 42, 1],
        ],
      );
    });
  });
});
