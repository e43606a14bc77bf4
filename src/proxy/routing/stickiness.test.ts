import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { RoutedEnvironment, Stickiness } from '../../core/routing-document.ts';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { InProcessProxy } from '../fixtures/in-process-proxy.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { ask, fieldOf, get, RawClient } from '../fixtures/raw-client.ts';
import { readRequestHead } from '../framing/request-head.ts';
import { defaultLimits } from '../limits.ts';
import { originOf } from '../origin/request-origin.ts';
import { TrafficCounters } from '../counting/traffic-counters.ts';
import { Upstreams } from '../upstream/upstreams.ts';
import { routeRequest } from './route-request.ts';
import { compileRoutes } from './route-table.ts';

const shares = (permille: number) => [
  { revision: 'one', permille: 1000 - permille },
  { revision: 'two', permille },
];

function routed(stickiness: Stickiness, permille: number, port: number, ports = [1001, 1002]): RoutedEnvironment {
  const revisions = ['one', 'two'].map((name, at) =>
    revision(name, [service([instance(ports[at] ?? 0)], { stickiness })]),
  );
  return environment(revisions, { port, shares: shares(permille), epoch: permille + 1 });
}

describe('10,000 visitors of a canary that grows', () => {
  const steps = [0, 1, 10, 50, 51, 250, 500, 999, 1000];

  /** What each visitor gets at each step. `head`: what the visitor sends, `address`: from where. */
  function journeys(stickiness: Stickiness, fields: (visitor: number) => string, address: (visitor: number) => string) {
    const upstreams = new Upstreams(defaultLimits);
    const counters = new TrafficCounters(1000, () => {});
    const ways = Array.from({ length: 10_000 }, (): string[] => []);
    for (const permille of steps) {
      const table = compileRoutes(document([routed(stickiness, permille, 80)]), upstreams, counters, 0);
      for (const [visitor, way] of ways.entries()) {
        const head = readRequestHead(`GET / HTTP/1.1\r\nHost: x\r\n${fields(visitor)}`, defaultLimits, false);
        const source = { port: 80, serverName: '', origin: originOf([address(visitor)], false, '') };
        const [first, again] = [routeRequest(table, source, head), routeRequest(table, source, head)];
        assert.ok(first.kind === 'forward' && again.kind === 'forward' && first.bucket === again.bucket);
        assert.equal(first.newVisitor, null);
        way.push(first.service.revision);
      }
    }
    return ways;
  }

  function check(ways: readonly (readonly string[])[]): void {
    for (const way of ways) {
      const changes = way.filter((name, at) => at > 0 && name !== way[at - 1]).length;
      assert.ok(way[0] === 'one' && way.at(-1) === 'two' && changes === 1, way.join(' '));
    }
    for (const [at, permille] of steps.entries()) {
      const part = ways.filter((way) => way[at] === 'two').length / ways.length;
      assert.ok(Math.abs(part - permille / 1000) < 0.025, `${part} of ${permille}`);
    }
  }

  const oneAddress = () => '192.0.2.1';
  const ownAddress = (visitor: number) => `10.${visitor >> 16}.${(visitor >> 8) & 255}.${visitor & 255}`;

  it('known by their cookie change once each, and as many as the share says', () => {
    check(journeys({ kind: 'cookie' }, (visitor) => `cookie: __lotse_v=visitor-number-${visitor}\r\n`, oneAddress));
  });

  it('known by a header too', () => {
    const fields = (visitor: number) => `accept: */*\r\nX-Account:  a${visitor} \r\n`;
    check(journeys({ kind: 'header', name: 'x-account' }, fields, oneAddress));
  });

  it('known by their address too', () => {
    check(journeys({ kind: 'address' }, () => '', ownAddress));
  });

  it('whose header is missing or empty are known by their address', () => {
    check(
      journeys(
        { kind: 'header', name: 'x-account' },
        (visitor) => (visitor % 2 === 0 ? '' : 'x-account:\r\n'),
        ownAddress,
      ),
    );
  });
});

describe('stickiness by header or address', () => {
  const apps: PlainApp[] = [];
  let proxy: InProcessProxy;
  let port: number;

  beforeEach(async () => {
    for (const name of ['one', 'two']) apps.push(await PlainApp.start(() => ok(name)));
    proxy = new InProcessProxy();
    port = await proxy.listen();
  });
  afterEach(async () => {
    proxy.stop();
    for (const app of apps.splice(0)) await app.stop();
  });

  const apply = (stickiness: Stickiness, permille: number) => {
    const trustedProxies = [{ network: '127.0.0.1', protocol: 'http' as const }];
    const ports = apps.map((app) => app.port);
    proxy.apply(document([routed(stickiness, permille, port, ports)], { trustedProxies }));
  };
  /** Which of these visitors get which revision. */
  const spread = async (fieldsOf: (visitor: number) => Record<string, string>) => {
    const client = await RawClient.connect(port);
    const names: string[] = [];
    for (let visitor = 0; visitor < 60; visitor++) {
      client.send(get('/', fieldsOf(visitor)));
      const answer = await client.response();
      assert.equal(fieldOf(answer, 'set-cookie'), null);
      names.push(answer.body);
    }
    client.close();
    return names;
  };

  it('tells clients of one connection apart, and is counted by bucket', async () => {
    apply({ kind: 'header', name: 'x-account' }, 500);
    const first = await spread((visitor) => ({ 'x-account': `account-${visitor}` }));
    assert.deepEqual(new Set(first), new Set(['one', 'two']));
    assert.deepEqual(await spread((visitor) => ({ 'X-ACCOUNT': `account-${visitor}` })), first);
    const counts = proxy.counts(501);
    assert.ok(counts.length > 40 && counts.every((line) => line.bucket >= 0 && line.started % 2 === 0));
  });

  it('goes by the address that a trusted proxy tells of', async () => {
    apply({ kind: 'address' }, 500);
    const first = await spread((visitor) => ({ 'x-forwarded-for': `192.0.2.${visitor}` }));
    assert.deepEqual(new Set(first), new Set(['one', 'two']));
    assert.deepEqual(await spread((visitor) => ({ 'x-forwarded-for': `6.6.6.6, 192.0.2.${visitor}` })), first);
    assert.equal(new Set(await spread(() => ({}))).size, 1);
  });

  it('tells the app the bucket', async () => {
    apply({ kind: 'address' }, 0);
    await ask(port, get('/'));
    assert.match(apps[0]?.requests[0]?.head ?? '', /\r\nlotse-bucket: \d+\r\n/);
  });
});
