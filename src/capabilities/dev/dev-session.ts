import { relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LotseError, toLotseError } from '../../core/errors.ts';
import type { Scope, ServiceName } from '../../core/ids.ts';
import { devEnvironment } from '../../manifest/names.ts';
import type { StoreDriver } from '../../ports/stores/stores.ts';
import type { Target } from '../../ports/targets/targets.ts';
import type { TrafficRouter } from '../../ports/traffic/traffic.ts';
import { changedServices, installMarks } from './changed-services.ts';
import type { DevEvent } from './dev-events.ts';
import { DevService, type WantedService } from './dev-service.ts';
import { DevTraffic } from './dev-traffic.ts';
import { devPorts, findFreePort } from './free-ports.ts';
import { withoutIgnored } from './ignored-by-git.ts';
import { rootsWithoutPackages } from './missing-packages.ts';
import { manifestFiles, readWorkingTree, type WorkingTree } from './read-working-tree.ts';
import { stopEverything } from './stop-slots.ts';
import { wantedServices } from './wanted-services.ts';
import { watchFiles, type FileWatch } from './watch-files.ts';
import { isWatchedPath } from './watched-path.ts';

export interface DevParts {
  /** The app's folder, absolute. */
  readonly folder: string;
  /** Lotse's own folder, absolute; what changes in it is no reason for a restart. */
  readonly stateFolder: string;
  readonly target: Target;
  readonly router: TrafficRouter;
  readonly stores: StoreDriver;
  readonly front: { readonly host: string; readonly port: number };
  readonly report: (event: DevEvent) => void;
}

const lookEveryMs = 100;
/** While nothing is under way every so-manyth look is enough. */
const looksWhenQuiet = 5;

/** Runs an app from its working tree and follows its files, until it is stopped. */
export class DevSession {
  readonly #parts: DevParts;
  readonly #scope: Scope;
  readonly #port: number;
  readonly #traffic: DevTraffic;
  readonly #services = new Map<ServiceName, DevService>();
  readonly #ending = new AbortController();
  readonly #startedAt = Date.now().toString(36);
  #revisions = 0;
  #tree: WorkingTree;
  #watch: FileWatch | null = null;
  #turn: Promise<void> = Promise.resolve();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(parts: DevParts, tree: WorkingTree, port: number) {
    this.#parts = parts;
    this.#tree = tree;
    this.#port = port;
    this.#scope = { app: tree.app, environment: devEnvironment };
    this.#traffic = new DevTraffic({ router: parts.router, scope: this.#scope, port, report: parts.report });
  }

  /** By name, and on a port of its own for tools that do not resolve it; none for an app of workers alone. */
  get addresses(): readonly string[] {
    if (!this.#tree.services.some(({ definition }) => definition.kind === 'web')) return [];
    const { host, port } = this.#parts.front;
    const named = this.#tree.domains.map((domain) => `http://${domain}:${port}`);
    return [...named, `http://${host}:${this.#port}`];
  }

  /** Starts everything; what an earlier session left running is stopped first. */
  async start(): Promise<void> {
    const { folder, target, report } = this.#parts;
    const { app, services } = this.#tree;
    await stopEverything(target, this.#scope);
    const wanted = await this.#wanted(this.#tree);
    this.#watch = await watchFiles({
      folder,
      isWatched: (path) => this.#isWatched(path),
      onChange: (paths) => void this.#take(paths),
      onProblem: (error) => report({ event: 'note', service: null, text: watchProblem(error) }),
    });
    const names = services.map(({ definition }) => definition.service);
    this.#loops = Promise.all([this.#look(), this.#followLogs()]);
    for (const each of wanted) this.#want(each, []);
    await this.#route(); // from now on requests are taken, and wait until there is someone to answer
    report({ event: 'ready', app, folder, addresses: this.addresses, services: names });
    this.#sayMissingPackages();
  }

  /** Stops all that was started; resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#parts.report({ event: 'stopping' });
    await this.#watch?.close();
    this.#ending.abort();
    await this.#turn;
    await Promise.all([...this.#services.values()].map((service) => service.settled()));
    await stopEverything(this.#parts.target, this.#scope);
    await this.#loops;
  }

  #want(wanted: WantedService, because: readonly string[]): void {
    const name = wanted.definition.service;
    const service = this.#services.get(name) ?? this.#newService(name);
    this.#services.set(name, service);
    void service.want(wanted, because);
  }

  #newService(name: ServiceName): DevService {
    const { target, report } = this.#parts;
    return new DevService(name, {
      ...{ scope: this.#scope, target, report, signal: this.#ending.signal },
      newRevision: () => `dev-${this.#startedAt}-${++this.#revisions}`,
      named: () => this.#traffic.named(),
      onTurn: () => this.#route(),
    });
  }

  async #wanted(tree: WorkingTree): Promise<readonly WantedService[]> {
    return await wantedServices(tree, this.#scope, { stores: this.#parts.stores, traffic: this.#traffic });
  }

  /** One batch of changes after the other. */
  async #take(paths: readonly string[]): Promise<void> {
    this.#turn = this.#turn
      .then(() => this.#follow(paths))
      .catch((thrown: unknown) => {
        this.#parts.report({ event: 'note', service: null, text: toLotseError(thrown).message });
      });
    await this.#turn;
  }

  async #follow(paths: readonly string[]): Promise<void> {
    if (paths.some((path) => manifestFiles.includes(path))) await this.#readAgain();
    const isInstall = (path: string) => installMarks.some((mark) => path.endsWith(`/${mark}`));
    const others = paths.filter((path) => !manifestFiles.includes(path) && this.#isWatched(path));
    const relevant = await withoutIgnored(
      this.#parts.folder,
      others.filter((path) => !isInstall(path)),
    );
    const all = [...relevant, ...others.filter(isInstall)];
    const running = [...this.#services.values()].flatMap(({ wanted }) => wanted ?? []);
    for (const wanted of running) {
      const { service } = wanted.definition;
      const definitions = running.map(({ definition }) => definition);
      const because = all.filter((path) => changedServices(definitions, path).includes(service));
      if (because.length > 0) this.#want(wanted, because);
    }
  }

  /** A manifest with mistakes changes nothing. */
  async #readAgain(): Promise<void> {
    try {
      const tree = await readWorkingTree(this.#parts.folder);
      if (tree.app !== this.#scope.app) {
        throw new LotseError('bad-input', `The app is called ${tree.app} now, and ${this.#scope.app} runs here`, {
          hint: 'Ctrl-C, then `lotse up dev` again.',
        });
      }
      this.#changeTo(tree, await this.#wanted(tree));
    } catch (thrown) {
      const { message, hint = null, details } = toLotseError(thrown);
      this.#parts.report({ event: 'manifest-broken', message, hint, details });
    }
  }

  #changeTo(tree: WorkingTree, wanted: readonly WantedService[]): void {
    this.#tree = tree;
    const gone = [...this.#services.values()].filter(
      ({ name, wanted: was }) => was !== null && !wanted.some(({ definition }) => definition.service === name),
    );
    const changed = wanted.filter((each) => {
      const service = this.#services.get(each.definition.service);
      return service?.phase === 'down' || JSON.stringify(service?.wanted) !== JSON.stringify(each);
    });
    const names = [...gone.map(({ name }) => name), ...changed.map(({ definition }) => definition.service)];
    this.#parts.report({ event: 'manifest-read', changed: names });
    for (const service of gone) {
      this.#parts.report({ event: 'removed', service: service.name });
      void service.want(null, []);
    }
    for (const each of changed) this.#want(each, this.#services.has(each.definition.service) ? ['lotse.yaml'] : []);
  }

  /** Looks at what runs, again and again, and lets traffic follow. */
  async #look(): Promise<void> {
    const { signal } = this.#ending;
    for (let look = 0; !signal.aborted; look++) {
      const services = [...this.#services.values()];
      const isQuiet = services.every(({ phase }) => phase !== 'coming');
      if (!isQuiet || look % looksWhenQuiet === 0) {
        const slots = await this.#parts.target.observe(this.#scope);
        for (const service of services) service.see(slots);
        await this.#route();
      }
      await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #route(): Promise<void> {
    if (this.#ending.signal.aborted) return;
    await this.#traffic.follow(this.#tree.domains, [...this.#services.values()]);
  }

  async #followLogs(): Promise<void> {
    const query = { ...this.#scope, service: null, revision: null, job: null, last: 0, follow: true };
    for await (const { at, service, revision, stream, text } of this.#parts.target.logs(query, this.#ending.signal)) {
      this.#parts.report({ event: 'log', at, service, revision, stream, text });
    }
  }

  #sayMissingPackages(): void {
    const roots = this.#tree.services.map(({ definition }) => definition.root);
    for (const root of rootsWithoutPackages(this.#parts.folder, roots)) {
      const place = root === '.' ? 'The app' : root;
      const text = `${place} has a package.json with dependencies and no node_modules: \`npm install\` there brings them, and everything starts again.`;
      this.#parts.report({ event: 'note', service: null, text });
    }
  }

  #isWatched(path: string): boolean {
    const { folder, stateFolder } = this.#parts;
    const roots = ['.', ...this.#tree.services.map(({ definition }) => definition.root)];
    const stores = this.#tree.stores.flatMap((store) => roots.map((root) => inside(root, store.folder)));
    return isWatchedPath(path, [relative(folder, stateFolder).split(sep).join('/'), ...stores]);
  }
}

/** Reads the working tree and makes a session for it. Errors: `manifest-invalid`, `bad-input`, `port-taken`. */
export async function openDevSession(parts: DevParts): Promise<DevSession> {
  const tree = await readWorkingTree(parts.folder);
  const port = await findFreePort(devPorts.app, tree.app, parts.front.host);
  return new DevSession(parts, tree, port);
}

function inside(root: string, folder: string): string {
  const base = root.replace(/^\.\/|^\.$/, '');
  return base === '' ? folder : `${base}/${folder}`;
}

/** Linux lets a user watch so many files and no more (man 7 inotify). */
function watchProblem(error: unknown): string {
  const { message } = toLotseError(error);
  const isLimit = /ENOSPC|EMFILE|disk-full/.test(message);
  const advice = isLimit ? ' Raise fs.inotify.max_user_watches, or exclude what need not be watched.' : '';
  return `Not all files can be watched: ${message}.${advice}`;
}
