import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Scope } from '../../src/core/ids.ts';
import { revisionHeader, type AddressStatus, type RoutingDocument } from '../../src/core/routing-document.ts';
import { domainOf } from './fleet.ts';
import { SimulatedCounters } from './simulated-counters.ts';

export interface ProxyWishes {
  /** Its control socket is created here. */
  readonly folder: string;
  /** Does the public route go on answering with the revision that served before? */
  readonly answersOld: (scope: Scope) => boolean;
  /** Do the instances of a revision still have requests open? */
  readonly isBusy: (scope: Scope) => boolean;
}

/**
 * A proxy as far as a control plane sees it: the control protocol over its socket, and a public route that answers
 * probes. It outlives every control plane and serves nobody.
 */
export class SimulatedProxy {
  readonly frontPort: number;
  readonly #servers: readonly Server[];
  readonly #wishes: ProxyWishes;
  #document: RoutingDocument | null = null;
  #journalHeads: object = {};
  readonly #counters = new SimulatedCounters();
  /** Documents that were put. */
  puts = 0;
  probes = 0;

  private constructor(wishes: ProxyWishes, servers: readonly Server[], frontPort: number) {
    this.#wishes = wishes;
    this.#servers = servers;
    this.frontPort = frontPort;
  }

  static async start(wishes: ProxyWishes): Promise<SimulatedProxy> {
    const control = createServer((request, response) => {
      // Whoever asked may have been killed.
      proxy.#control(request, response).catch(() => response.destroy());
    });
    const front = createServer((request, response) => proxy.#front(request, response));
    await listening(control, { path: join(wishes.folder, 'control.sock') });
    await listening(front, { host: '127.0.0.1', port: 0 });
    const address = front.address();
    const proxy = new SimulatedProxy(wishes, [control, front], typeof address === 'object' ? (address?.port ?? 0) : 0);
    return proxy;
  }

  close(): void {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  async #control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) if (Buffer.isBuffer(part)) parts.push(part);
    const text = Buffer.concat(parts).toString('utf8');
    // parsed: the control plane of the bench is the only one that writes here
    const body = text === '' ? null : (JSON.parse(text) as unknown);
    const answer = JSON.stringify(this.#answer(`${request.method} ${request.url?.split('?')[0]}`, body));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) });
    response.end(answer);
  }

  #answer(call: string, body: unknown): unknown {
    switch (call) {
      case 'PUT /document':
        this.puts += 1;
        // parsed: as above
        this.#document = body as RoutingDocument;
        this.#counters.follow(this.#document.environments);
        return { fence: this.#document.fence, version: this.#document.version, problems: [] };
      case 'GET /document':
        return { document: this.#document };
      case 'GET /status':
        return this.#status();
      case 'GET /counters':
        return { counters: this.#counters.now };
      case 'POST /counters/acknowledge':
        // parsed: as above
        this.#counters.forget((body as Acknowledged).epochs);
        return {};
      case 'PUT /journal-heads':
        // parsed: as above
        this.#journalHeads = { ...this.#journalHeads, ...(body as object) };
        return {};
      default:
        return {};
    }
  }

  #status(): object {
    const { fence, version } = this.#document ?? { fence: 0, version: 0 };
    const one = { pid: process.pid, proxyStart: 'one', build: 'one', controlProtocol: 1, confirmed: true, workers: [] };
    const calm = { drainingWorkers: 0, heldRequests: 0, overrides: [], problems: [] };
    return { ...one, ...calm, fence, version, addresses: this.#addresses(), journalHeads: this.#journalHeads };
  }

  #addresses(): readonly AddressStatus[] {
    return (this.#document?.environments ?? []).flatMap((environment) => {
      const activeRequests = this.#wishes.isBusy(environment) ? 1 : 0;
      const instances = environment.revisions.flatMap(({ services }) => services.flatMap((each) => each.instances));
      const calm = { upgradedConnections: 0, ejected: false, problem: null };
      return instances.map(({ address }) => ({ address, activeRequests, ...calm }));
    });
  }

  #front(request: IncomingMessage, response: ServerResponse): void {
    this.probes += 1;
    const name = (request.headers.host ?? '').split(':')[0];
    const environment = this.#document?.environments.find((each) => domainOf(each) === name);
    const oldest = environment?.revisions[0]?.revision;
    const newest = environment?.shares.findLast((share) => share.permille > 0)?.revision;
    const revision = environment !== undefined && this.#wishes.answersOld(environment) ? oldest : newest;
    if (revision === undefined) response.writeHead(503);
    else response.writeHead(200, { [revisionHeader]: `${revision} web1 0` });
    response.end();
  }
}

interface Acknowledged {
  readonly epochs: Parameters<SimulatedCounters['forget']>[0];
}

function listening(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, resolve);
  });
}
