import type { RoutedRevision, RoutedEnvironment } from '../../src/core/routing-document.ts';
import type { ProxyControl } from '../../src/proxy/control-client.ts';
import { document, environment, instance, revision, service } from '../../src/proxy/fixtures/documents.ts';
import { ok, PlainApp } from '../../src/proxy/fixtures/plain-app.ts';
import type { AppRequest } from '../../src/proxy/fixtures/plain-app.ts';

const small = 'x'.repeat(1_024);
const large = 'y'.repeat(64 * 1_024);

/** Puts release after release in front of users: two instances each, shares in three steps, the old ones drained. */
export class Deploys {
  readonly #control: ProxyControl;
  readonly #port: number;
  count = 0;
  #version = 0;
  #epoch = 0;
  #served = 0;
  #live: { readonly apps: readonly PlainApp[]; readonly routed: RoutedRevision } | null = null;

  constructor(control: ProxyControl, port: number) {
    this.#control = control;
    this.#port = port;
  }

  async deploy(): Promise<void> {
    const apps = await Promise.all([1, 2].map(() => PlainApp.start((request) => this.#answer(request))));
    const name = `r${++this.count}`;
    const routed = revision(name, [service(apps.map(({ port }, slot) => instance(port, 'accepting', slot)))]);
    const old = this.#live;
    if (old === null) await this.#put([routed], { [name]: 1000 });
    else {
      const before = old.routed.revision;
      await this.#put([old.routed, routed], { [before]: 1000, [name]: 0 });
      await this.#put([old.routed, routed], { [before]: 500, [name]: 500 });
      await this.#put([old.routed, routed], { [name]: 1000 });
      const ports = old.apps.map(({ port }) => port);
      const drained = revision(before, [service(ports.map((port, slot) => instance(port, 'draining', slot)))]);
      await this.#put([drained, routed], { [name]: 1000 });
      await this.#untilDone(ports);
      await this.#put([routed], { [name]: 1000 });
      for (const app of old.apps) await app.stop();
    }
    this.#live = { apps, routed };
    const closed = (await this.#control.counters()).filter(({ closedAtMs }) => closedAtMs !== null);
    await this.#control.acknowledge(closed);
  }

  async #put(revisions: readonly RoutedRevision[], permille: Readonly<Record<string, number>>): Promise<void> {
    const shares: RoutedEnvironment['shares'] = Object.entries(permille).map(([name, part]) => ({
      revision: name,
      permille: part,
    }));
    const epoch = ++this.#epoch;
    const environments = [environment(revisions, { port: this.#port, epoch, salt: `salt-${epoch}`, shares })];
    await this.#control.putDocument(document(environments, { version: ++this.#version }));
  }

  async #untilDone(ports: readonly number[]): Promise<void> {
    const isBusy = async () =>
      (await this.#control.status()).addresses.some(
        ({ address, activeRequests }) => ports.includes(address.port) && activeRequests > 0,
      );
    while (await isBusy()) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Small answers, large ones, chunks, and some that take their time. */
  #answer({ socket }: AppRequest): string | null {
    const number = ++this.#served;
    for (const { requests } of this.#live?.apps ?? []) requests.length = 0;
    if (number % 50 === 0) {
      setTimeout(() => socket.write(ok(small)), 300);
      return null;
    }
    if (number % 20 === 0) return ok(large);
    return ok(small);
  }

  async end(): Promise<void> {
    for (const app of this.#live?.apps ?? []) await app.stop();
  }
}
