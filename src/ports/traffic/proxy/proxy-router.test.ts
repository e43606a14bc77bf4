import assert from 'node:assert/strict';
import { test } from 'node:test';
import { document, environment, instance, revision, service, testProbeKey } from '../../../proxy/fixtures/documents.ts';
import { ok, PlainApp } from '../../../proxy/fixtures/plain-app.ts';
import { freePorts, ProxyFolder } from '../../../proxy/fixtures/running-proxy.ts';
import { ProxyRouter } from './proxy-router.ts';

test('a proof that fails because of what a person has ordered at the proxy says so', async () => {
  const folder = new ProxyFolder();
  const control = await folder.start();
  const app = await PlainApp.start(() => ok('hello'));
  const [port = 0] = await freePorts(1);
  try {
    const revisions = ['one', 'two'].map((name) => revision(name, [service([instance(app.port)])]));
    const routed = document([environment(revisions, { port, domains: [] })]);
    await control.putDocument(routed);
    const router = new ProxyRouter({
      ...{ proxy: async () => control, fence: () => 1, probeKey: testProbeKey, now: Date.now },
      doors: () => routed,
    });
    const scope = { app: 'shop', environment: 'production' };
    const prove = () =>
      router.prove({ ...scope, revision: 'two', times: 2, bucket: null }, new AbortController().signal);
    assert.deepEqual(await prove(), { revision: 'two', inARow: 2, problem: null });
    await control.override({ ...scope, by: 'anna', reason: 'x', order: { kind: 'switch', to: 'one' } });
    const { inARow, problem } = await prove();
    const why = 'by order of anna the proxy sends all users to one (`lotse proxy status`)';
    assert.deepEqual([inARow, problem], [0, `the public route answered with one; ${why}`]);
  } finally {
    await folder.end(control);
    await app.stop();
  }
});

test('a document whose answer was lost does not stand in the way of the next one', async () => {
  const folder = new ProxyFolder();
  const control = await folder.start();
  const [port = 0] = await freePorts(1);
  try {
    const { frontHost, tls, challenges, trustedProxies, accessLogPermille } = document([]);
    const doors = { frontPort: port, frontHost, tls, challenges, trustedProxies, accessLogPermille };
    const router = new ProxyRouter({
      ...{ proxy: async () => control, fence: () => 1, probeKey: testProbeKey, now: Date.now },
      doors: () => doors,
    });
    const named = (name: string) =>
      environment([revision('one', [])], { environment: name, domains: [`${name}.test`] });
    await router.publish([named('staging')]);
    // As if the call after it had been in force without an answer.
    const current = await control.document();
    assert.ok(current !== null);
    await control.putDocument({
      ...current,
      version: current.version + 1,
      environments: [...current.environments, named('production')],
    });
    await router.publish([named('preview')]);
    const names = (await control.document())?.environments.map((each) => each.environment);
    assert.deepEqual(names, ['staging', 'production', 'preview']);
  } finally {
    await folder.end(control);
  }
});

test('environments that are published at the same time reach the proxy together, and none is lost', async () => {
  const folder = new ProxyFolder();
  const control = await folder.start();
  const [port = 0] = await freePorts(1);
  try {
    const { frontHost, tls, challenges, trustedProxies, accessLogPermille } = document([]);
    const doors = { frontPort: port, frontHost, tls, challenges, trustedProxies, accessLogPermille };
    const router = new ProxyRouter({
      ...{ proxy: async () => control, fence: () => 1, probeKey: testProbeKey, now: Date.now },
      doors: () => doors,
    });
    const names = Array.from({ length: 20 }, (_, index) => `preview-${index}`);
    const named = (name: string) =>
      environment([revision('one', [])], { environment: name, domains: [`${name}.test`] });
    await router.publish([named('staging')]);
    await Promise.all(names.map((name) => router.publish([named(name)])));
    const inForce = await control.document();
    assert.deepEqual(
      inForce?.environments.map((each) => each.environment),
      ['staging', ...names],
    );
    assert.ok(inForce.version <= 3, `${inForce.version} documents`);
    const withdrawn = router.withdraw({ app: 'shop', environment: 'preview-3' });
    await Promise.all([router.publish([named('staging')]), withdrawn]);
    const left = (await control.document())?.environments.map((each) => each.environment);
    assert.deepEqual(left?.toSorted(), ['staging', ...names.filter((name) => name !== 'preview-3')].toSorted());
  } finally {
    await folder.end(control);
  }
});
