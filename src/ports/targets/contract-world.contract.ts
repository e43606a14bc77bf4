import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Address } from '../../core/routing-document.ts';
import type { ObservedJob } from '../../rollout/facts.ts';
import type { ServiceDefinition } from '../../rollout/release.ts';
import type { JobOrder, LogLine, LogQuery, ServiceOrder, Target, TargetSlot } from './targets.ts';
import type { TargetUnderTest } from './targets.contract.ts';

/** One test of the contract: a target, what was ordered of it, and waiting with a limit. */
export class ContractWorld {
  readonly setup: TargetUnderTest;
  target: Target;
  readonly #orders = new Map<string, ServiceOrder>();
  readonly #jobs = new Set<string>();

  constructor(setup: TargetUnderTest, target: Target) {
    this.setup = setup;
    this.target = target;
  }

  static async open(setup: TargetUnderTest): Promise<ContractWorld> {
    return new ContractWorld(setup, await setup.open());
  }

  get controlFolder(): string {
    return this.setup.controlFolder;
  }

  /** A file that steers the app, as this machine sees it. */
  async control(name: string): Promise<string> {
    return join((await this.setup.controlled?.()) ?? this.controlFolder, name);
  }

  async get(address: Address | null | undefined, path: string): Promise<string> {
    const { reach } = this.setup;
    assert.ok(address, 'it has no address');
    return reach === undefined ? await get(address, path) : await getOver(await reach(address), path);
  }

  /** This machine's number of its main process. */
  async pidOf(slot: TargetSlot | undefined): Promise<number> {
    assert.ok(slot);
    return (await this.setup.pidOf?.(slot)) ?? slot.pid ?? assert.fail('its process is not known');
  }

  definition(change: Partial<ServiceDefinition>): ServiceDefinition {
    return {
      service: 'web',
      kind: 'web',
      argv: ['node', 'app.mjs'],
      root: '.',
      port: 3000,
      path: '/',
      ready: null,
      live: null,
      drainMs: 5000,
      instances: 1,
      memoryBytes: null,
      cpuCores: null,
      stickiness: { kind: 'none' },
      assets: null,
      readsClaim: false,
      ...change,
    };
  }

  order(change: Partial<ServiceOrder>): ServiceOrder {
    return {
      app: 'shop',
      environment: 'staging',
      revision: 'staging-1',
      release: 'r1-abcdef0',
      target: 'process',
      artifact: this.setup.artifact,
      definition: this.definition({}),
      slots: 1,
      claim: null,
      storeFolders: [this.controlFolder],
      avoid: [],
      ...change,
      variables: { CONTROL_DIR: this.controlFolder, ...change.variables },
    };
  }

  async ensure(change: Partial<ServiceOrder>): Promise<ServiceOrder> {
    const order = this.order(change);
    await this.target.ensure(order);
    this.remember(order);
    return order;
  }

  /** Ended at the end of the test. */
  remember(order: ServiceOrder): void {
    this.#orders.set(`${order.environment}/${order.revision}/${order.definition.service}`, order);
  }

  job(change: Partial<JobOrder>): JobOrder {
    this.#jobs.add(change.key ?? 'job');
    return {
      app: 'shop',
      environment: 'staging',
      key: 'job',
      revision: 'staging-1',
      target: 'process',
      artifact: this.setup.artifact,
      argv: ['node', 'app.mjs', 'job', '0', '50'],
      root: '.',
      storeFolders: [this.controlFolder],
      withinMs: 30_000,
      ...change,
      variables: { ...change.variables },
    };
  }

  async observe(environment = 'staging'): Promise<readonly TargetSlot[]> {
    return await this.target.observe({ app: 'shop', environment });
  }

  /** Its slots, once every one of them is ready. Of one that was adopted the port may answer before the platform does. */
  async untilReady(order: ServiceOrder): Promise<readonly TargetSlot[]> {
    let own: readonly TargetSlot[] = [];
    const what = () => `${order.revision} is ready, not ${JSON.stringify(own)}`;
    await until(what, async () => {
      own = (await this.observe(order.environment)).filter((slot) => slot.revision === order.revision);
      const failed = own.find((slot) => slot.state === 'gave-up');
      assert.equal(failed, undefined, `${failed?.note} ${failed?.logTail.join('\n')}`);
      return own.length === order.slots && own.every((slot) => slot.state === 'ready' && slot.startedAt !== null);
    });
    return own;
  }

  async untilJobEnds(key: string): Promise<ObservedJob> {
    let seen: ObservedJob | null = null;
    await until(`the job ${key} has ended`, async () => {
      seen = await this.target.observeJob(key);
      return seen !== null && seen.state !== 'running';
    });
    return seen ?? assert.fail('never started');
  }

  async reopen(): Promise<void> {
    await this.target.close();
    this.target = await this.setup.open();
  }

  query(order: ServiceOrder, last: number, follow = false): LogQuery {
    const { app, environment, revision } = order;
    return { app, environment, revision, service: order.definition.service, job: null, last, follow };
  }

  async lines(order: ServiceOrder, last: number): Promise<readonly LogLine[]> {
    return await Array.fromAsync(this.target.logs(this.query(order, last), new AbortController().signal));
  }

  async lastLines(order: ServiceOrder): Promise<readonly string[]> {
    return (await this.lines(order, 50)).map((line) => line.text);
  }

  async jobLines(key: string): Promise<readonly string[]> {
    const scope = { app: 'shop', environment: 'staging', service: null, revision: null };
    const query = { ...scope, job: key, last: 50, follow: false };
    const lines = await Array.fromAsync(this.target.logs(query, new AbortController().signal));
    return lines.map((line) => line.text);
  }

  /** This machine's number of the child that an app has told of. */
  async childIn(lines: readonly string[]): Promise<number> {
    return await this.setup.processOf(Number(/child (\d+)/.exec(lines.join('\n'))?.[1]));
  }

  /** Lines that the app writes once at each boot. */
  async bootsOf(order: ServiceOrder): Promise<readonly string[]> {
    await until('it has booted', async () =>
      (await this.lastLines(order)).some((line) => line.startsWith('listening')),
    );
    return (await this.lastLines(order)).filter((line) => line.startsWith('listening'));
  }

  /** Ends all that the test started, as far as the target still answers. */
  async end(): Promise<void> {
    await this.reopen();
    for (const key of this.#jobs) await this.target.cancelJob(key);
    for (const key of this.#jobs) if ((await this.target.observeJob(key)) !== null) await this.untilJobEnds(key);
    for (const order of this.#orders.values()) await this.target.ensure({ ...order, slots: 0 });
    for (const environment of new Set([...this.#orders.values()].map((order) => order.environment))) {
      await until('all is stopped', async () => (await this.observe(environment)).length === 0);
    }
    await this.target.close();
    await this.setup.dispose();
  }
}

/** Looks again and again until it holds; fails after two and a half minutes. `what` may tell what was seen last. */
export async function until(what: string | (() => string), holds: () => Promise<boolean>, everyMs = 20): Promise<void> {
  const limit = performance.now() + 150_000;
  while (!(await holds())) {
    if (performance.now() > limit) {
      assert.fail(`waited 150 s in vain until ${typeof what === 'string' ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

export async function get(address: Address | null | undefined, path: string): Promise<string> {
  assert.ok(address, 'it has no address');
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  const response = await fetch(`http://${host}:${address.port}${path}`, { headers: { connection: 'close' } });
  return await response.text();
}

async function getOver(stream: Duplex, path: string): Promise<string> {
  const headers = { host: 'instance', connection: 'close' };
  const sent = request({ path, headers, createConnection: () => stream }).end();
  const [response] = await once(sent, 'response');
  return await text(response);
}

export function stateOf(slots: readonly TargetSlot[], order: ServiceOrder): string | null {
  return slots.find((slot) => slot.revision === order.revision)?.state ?? null;
}
