import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { LotseError } from '../../../core/errors.ts';
import type { RoutedEnvironment, RoutedInstance } from '../../../core/routing-document.ts';
import { environment, revision, service, testProbeKey } from '../../../proxy/fixtures/documents.ts';
import { ok, PlainApp } from '../../../proxy/fixtures/plain-app.ts';
import { freePorts, ProxyFolder } from '../../../proxy/fixtures/running-proxy.ts';
import type { ProxyControl } from '../../../proxy/control-client.ts';
import { ProxyRouter } from '../proxy/proxy-router.ts';
import type { ServersRouterOptions } from './servers-router.ts';
import { ServersRouter } from './servers-router.ts';

interface Machine {
  readonly folder: ProxyFolder;
  readonly control: ProxyControl;
  readonly frontPort: number;
  readonly app: PlainApp;
  readonly router: ProxyRouter;
  /** Nobody answers there as long as it is set. */
  isAway: boolean;
  /** Likewise, and nobody says so. */
  isHanging: boolean;
}

/** Each with a proxy and an app of its own, which only share this machine's loopback. */
async function startMachine(name: string): Promise<Machine> {
  const folder = new ProxyFolder();
  const control = await folder.start();
  const app = await PlainApp.start(() => ok(name));
  const [frontPort = 0] = await freePorts(1);
  const proxy = async (): Promise<ProxyControl> => {
    while (machine.isHanging) await new Promise((resolve) => setTimeout(resolve, 20));
    if (!machine.isAway) return control;
    throw new LotseError('unreachable', 'no way', { retriable: true });
  };
  const doors = { frontPort, frontHost: '127.0.0.1', tls: null, challenges: [], trustedProxies: [] };
  const machine: Machine = {
    ...{ folder, control, frontPort, app, isAway: false, isHanging: false },
    router: new ProxyRouter({
      ...{ proxy, fence: () => 1, probeKey: testProbeKey, now: Date.now },
      doors: () => ({ ...doors, accessLogPermille: 0 }),
    }),
  };
  return machine;
}

const scope = { app: 'shop', environment: 'production' };
const machines = {
  local: await startMachine('local'),
  one: await startMachine('one'),
  two: await startMachine('two'),
};
const state = mkdtempSync(join(tmpdir(), 'lotse-servers-router-'));
after(async () => {
  for (const { folder, control, app } of Object.values(machines)) {
    await folder.end(control);
    await app.stop();
  }
  rmSync(state, { recursive: true });
});

describe('environments on several servers', () => {
  let servers: readonly ('one' | 'two')[] = ['one', 'two'];
  let newest: readonly ('one' | 'two')[] | null = null;
  let router = new ServersRouter(options());

  const openRouter = (): ServersRouter => new ServersRouter(options());

  function options(): ServersRouterOptions {
    const machineOf = (name: string) => (name === 'one' ? machines.one : machines.two);
    return {
      local: machines.local.router,
      server: (name) => machineOf(name).router,
      all: () => ['one', 'two'],
      serversOf: async ({ environment: name }, revisions) => {
        if (name !== 'production') return [];
        return newest !== null && revisions.length === 1 ? newest : servers;
      },
      askAgainMs: 50,
      innerNetwork: async (server) => ({ host: server === 'one' ? '127.0.0.1' : '127.0.0.2', network: '127.0.0.0/8' }),
      folder: state,
    };
  }

  beforeEach(() => {
    router = openRouter();
    servers = ['one', 'two'];
    newest = null;
  });
  afterEach(async () => {
    for (const machine of Object.values(machines)) Object.assign(machine, { isAway: false, isHanging: false });
    await router.withdraw(scope);
  });

  const at = (server: 'one' | 'two', slot: number): RoutedInstance => ({
    ...{ slot, state: 'accepting', drainMs: 1_000 },
    address: { host: '127.0.0.1', port: machines[server].app.port, server },
  });

  function shop(instances: readonly RoutedInstance[], more: Partial<RoutedEnvironment> = {}): RoutedEnvironment {
    return environment([revision('r1', [service(instances)])], { domains: ['shop.localhost'], ...more });
  }

  const visit = async (machine: Machine): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${machine.frontPort}/`, { headers: { connection: 'close' } }).catch(
      () => null,
    );
    return answer === null ? 'nobody' : `${answer.status}`;
  };

  const failureOf = async (attempt: Promise<void>): Promise<LotseError> => {
    const error = await attempt.then(
      () => null,
      (failure: unknown) => failure,
    );
    return error instanceof LotseError ? error : assert.fail(`it ended with ${String(error)}`);
  };

  const hostsAt = async (machine: Machine): Promise<readonly unknown[]> => {
    const known = (await machine.control.document())?.environments ?? [];
    return known.flatMap((each) => each.revisions.flatMap(({ services }) => services.flatMap((s) => s.instances)));
  };

  test('each proxy is told of its own instances, this machine’s of none, and together they are what was published', async () => {
    const routed = shop([at('one', 0), at('two', 1), at('one', 2)]);
    await router.publish([routed]);
    const slots = async (machine: Machine) =>
      (await hostsAt(machine)).map((each) =>
        typeof each === 'object' && each !== null ? Reflect.get(each, 'slot') : 0,
      );
    assert.deepEqual([await slots(machines.one), await slots(machines.two)], [[0, 2], [1]]);
    assert.equal(JSON.stringify(await hostsAt(machines.one)).includes('server'), false);
    assert.equal((await machines.local.control.document())?.environments.length ?? 0, 0);
    assert.deepEqual(await router.environments(), [routed]);
    assert.deepEqual(await openRouter().environments(), [routed]);
  });

  test('instances reach the proxy of their own server', async () => {
    const [port = 0] = await freePorts(1);
    const inner = { host: '127.0.0.9', network: '127.0.0.0/8', publicPort: port };
    await router.publish([shop([at('one', 0)], { revisions: [revision('r1', [service([])], { inner })] })]);
    const doorOf = async (machine: Machine) =>
      (await machine.control.document())?.environments[0]?.revisions[0]?.inner?.host;
    assert.deepEqual([await doorOf(machines.one), await doorOf(machines.two)], ['127.0.0.1', '127.0.0.2']);
  });

  test('what is live is proven at each server, and one that answers otherwise is named', async () => {
    await router.publish([shop([at('one', 0), at('two', 1)])]);
    const question = { ...scope, revision: 'r1', times: 2, bucket: null };
    const prove = async () => await router.prove(question, new AbortController().signal);
    assert.deepEqual(await prove(), { revision: 'r1', inARow: 2, problem: null });
    await router.publish([shop([at('one', 0)])]);
    const { inARow, problem } = await prove();
    assert.equal(inARow, 0);
    assert.match(problem ?? '', /^two: the public route answered 50\d/);
  });

  test('counters of all servers count for the same epoch, and each is acknowledged where it was counted', async () => {
    await router.publish([shop([at('one', 0), at('two', 1)], { epoch: 7 })]);
    const host = { host: 'shop.localhost' };
    for (const machine of [machines.one, machines.two, machines.two]) await ask(machine.frontPort, host.host);
    const epochs = await countedIn(7, 3);
    assert.equal(new Set(epochs.map(({ proxyStart }) => proxyStart)).size, 2);
    assert.equal(new Set(epochs.map(({ openedAtMs }) => openedAtMs)).size, 1);
    await router.publish([shop([at('one', 0), at('two', 1)], { epoch: 8 })]);
    let closed = (await router.counters()).filter(({ closedAtMs, epoch }) => closedAtMs !== null && epoch === 7);
    for (let tries = 0; tries < 1_000 && closed.length < 2; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      closed = (await router.counters()).filter(({ closedAtMs, epoch }) => closedAtMs !== null && epoch === 7);
    }
    assert.equal(closed.length, 2);
    await router.acknowledge(closed.map(({ epoch, proxyStart }) => ({ scope, epoch, proxyStart })));
    assert.deepEqual(
      (await router.counters()).filter(({ epoch }) => epoch === 7),
      [],
    );
  });

  async function ask(port: number, host: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, agent: false, headers: { host } }, (answer) => {
        answer.resume().once('end', resolve);
      });
      sent.once('error', reject).end();
    });
  }

  async function countedIn(epoch: number, requests: number) {
    for (let tries = 0; tries < 1_000; tries++) {
      const found = (await router.counters()).filter((each) => each.epoch === epoch);
      const sum = found.flatMap(({ counts }) => counts).reduce((total, { ok: answered }) => total + answered, 0);
      if (sum === requests && found.length === 2) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return assert.fail('the requests were not counted');
  }

  test('a server that is away fails what is for it, by its name, and nothing else', async () => {
    const routed = shop([at('one', 0), at('two', 1)], { epoch: 30 });
    await router.publish([routed]);
    await ask(machines.two.frontPort, 'shop.localhost');
    await countedIn(30, 1);
    machines.two.isAway = true;
    await assert.rejects(router.publish([shop([at('one', 0)], { epoch: 31 })]), {
      code: 'unreachable',
      message: /^two: /,
    });
    // The other one has been told; what the absent one knows is still counted with.
    assert.equal((await machines.one.control.document())?.environments[0]?.epoch, 31);
    const addresses = (await router.environments())[0]?.revisions[0]?.services[0]?.instances.map(
      ({ address }) => address.server,
    );
    assert.deepEqual(addresses, ['one', 'two']);
    await router.publish([shop([], { environment: 'staging', domains: ['staging.localhost'] })]);
    await router.publish([]);
    const { problems, confirmed, fence } = await router.status();
    assert.ok(problems.some((problem) => problem.startsWith('two: ')));
    assert.deepEqual([confirmed, fence], [false, 1]);
    assert.ok((await router.counters()).some(({ epoch, counts }) => epoch === 30 && counts.length > 0));
    // Also for a control plane that was started meanwhile.
    const fresh = openRouter();
    machines.one.isAway = true;
    assert.ok((await fresh.environments()).length > 0);
    await fresh.status();
    await fresh.withdraw({ ...scope, environment: 'staging' });
  });

  test('one that does not say that it is away holds up the others for a moment, and then not at all', async () => {
    const routed = (epoch: number) => shop([at('one', 0), at('two', 1)], { epoch });
    const epochAt = async (machine: Machine) => (await machine.control.document())?.environments[0]?.epoch;
    const patient = new ServersRouter({ ...options(), askAgainMs: 60_000 });
    await patient.publish([routed(50)]);
    machines.two.isHanging = true;
    const late = failureOf(patient.publish([routed(51)]));
    for (let tries = 0; tries < 500 && (await epochAt(machines.one)) !== 51; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(await epochAt(machines.one), 51);
    const failure = await late;
    assert.match(failure.message, /two/);
    assert.equal(failure.code, 'timeout');
    // The very same error: nobody has waited for it again.
    assert.equal(await failureOf(patient.publish([routed(52)])), failure);
    assert.equal(await epochAt(machines.one), 52);
  });

  test('one that the newest revision does not run on may be away, and is told what it has missed', async () => {
    const revisions = [
      revision('r1', [service([at('one', 0), at('two', 1)])]),
      revision('r2', [service([at('one', 0)])]),
    ];
    newest = ['one'];
    const epochAt = async (machine: Machine) => (await machine.control.document())?.environments[0]?.epoch;
    await router.publish([shop([], { revisions, epoch: 40 })]);
    machines.two.isAway = true;
    await router.publish([shop([], { revisions, epoch: 41 })]);
    assert.deepEqual([await epochAt(machines.one), await epochAt(machines.two)], [41, 40]);
    machines.two.isAway = false;
    for (let tries = 0; tries < 2_000 && (await epochAt(machines.two)) !== 41; tries++) {
      await router.status();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(await epochAt(machines.two), 41);
  });

  test('one that an environment has left for good while it was away, is told that and nothing older', async () => {
    await router.publish([shop([at('one', 0), at('two', 1)], { epoch: 60 })]);
    newest = ['one'];
    machines.two.isAway = true;
    await router.publish([shop([at('one', 0)], { epoch: 61 })]);
    servers = ['one'];
    await router.publish([shop([at('one', 0)], { epoch: 62 })]);
    machines.two.isAway = false;
    const routedThere = async () => (await machines.two.control.document())?.environments.length;
    for (let tries = 0; tries < 2_000 && (await routedThere()) !== 0; tries++) {
      await router.status();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(await routedThere(), 0);
    for (let looks = 0; looks < 10; looks++) {
      await router.status();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(await routedThere(), 0);
  });

  test('a judged environment on a server that was never heard is not judged without it', async () => {
    const revisions = [revision('r1', [service([at('two', 0)])]), revision('r2', [service([at('two', 0)])])];
    const shares = [
      { revision: 'r1', permille: 900 },
      { revision: 'r2', permille: 100 },
    ];
    await router.publish([shop([], { revisions, shares })]);
    machines.two.isAway = true;
    await assert.rejects(openRouter().counters(), { code: 'unreachable', message: /^two: / });
    machines.two.isAway = false;
    assert.ok(Array.isArray(await openRouter().counters()));
  });

  test('an environment that moves is forgotten where it was', async () => {
    await router.publish([shop([at('one', 0), at('two', 1)])]);
    servers = ['one'];
    await router.publish([shop([at('one', 0)])]);
    assert.equal((await machines.two.control.document())?.environments.length, 0);
    assert.equal(await visit(machines.two), '404');
    servers = [];
    await router.publish([shop([{ ...at('one', 0), address: { host: '127.0.0.1', port: machines.local.app.port } }])]);
    assert.equal((await machines.one.control.document())?.environments.length, 0);
    assert.equal((await hostsAt(machines.local)).length, 1);
  });
});
