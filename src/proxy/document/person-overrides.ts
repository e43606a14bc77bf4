import { LotseError, toLotseError } from '../../core/errors.ts';
import type {
  ProxyOverride,
  RoutedEnvironment,
  RoutedRevision,
  RoutingDocument,
  RoutingMode,
} from '../../core/routing-document.ts';
import { readOverrides } from './read-overrides.ts';
import { readJsonFile, writeDurably } from '../state-folder.ts';

export type StoredOverride = Omit<ProxyOverride, 'isInForce'>;

/** What a person asks for. `to` of a switch: a revision, or a release of which the document names one revision. */
export type OverrideWish = Pick<ProxyOverride, 'app' | 'environment' | 'by' | 'reason'> & {
  readonly order:
    { readonly kind: 'maintenance'; readonly message: string } | { readonly kind: 'switch'; readonly to: string };
};

/** The document as workers get it. */
export interface OverriddenDocument {
  readonly document: RoutingDocument;
  /** How often what is in force for an environment (`<app>/<environment>`) has changed by overrides: counters never mix two of them. */
  readonly parts: Readonly<Record<string, number>>;
}

/** Counters of overridden traffic belong to no epoch of the control plane. */
const overriddenEpoch = -1;
const maintenanceRetryS = 30;
const rewriteMs = 3_000;

/**
 * What people have ordered at the proxy itself, kept on its own disk, so that it works while the control plane is down
 * and stays through restarts and hand-overs. An order that cannot be written is in force all the same, since it may be
 * the way out of an incident; it is written as soon as that is possible.
 */
export class PersonOverrides {
  readonly #path: string;
  #stored: readonly StoredOverride[] = [];
  #readProblem: string | null = null;
  #writeProblem: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** What is in force for each environment, as text, and how often that has changed. */
  readonly #inForce = new Map<string, { readonly orders: string; readonly part: number }>();

  constructor(path: string) {
    this.#path = path;
    this.reload();
  }

  /** Reads them again: another proxy may have changed them. */
  reload(): void {
    try {
      this.#stored = readOverrides(readJsonFile(this.#path) ?? []);
      this.#readProblem = null;
    } catch (error) {
      this.#stored = [];
      this.#readProblem = `${this.#path} is damaged and was not used: ${toLotseError(error).message}`;
    }
  }

  status(document: RoutingDocument | null): readonly ProxyOverride[] {
    return this.#stored.map((override) => ({ ...override, isInForce: isInForce(override, document) }));
  }

  problems(document: RoutingDocument | null): readonly string[] {
    const own = [this.#readProblem, this.#writeProblem].filter((problem) => problem !== null);
    return [...own, ...this.status(document).map(describeOverride)];
  }

  /** Lays what is in force over a document; the same object when nothing is. */
  layOver(document: RoutingDocument): OverriddenDocument {
    const parts: Record<string, number> = {};
    const environments = document.environments.map((environment) => {
      const ofIt = this.#stored.filter((each) => isOf(each, environment) && isInForce(each, document));
      parts[scopeOf(environment)] = this.#partOf(environment, ofIt);
      return ofIt.length === 0 ? environment : override(environment, ofIt);
    });
    const isChanged = environments.some((environment, at) => environment !== document.environments[at]);
    return { document: isChanged ? { ...document, environments } : document, parts };
  }

  #partOf(environment: RoutedEnvironment, inForce: readonly StoredOverride[]): number {
    const scope = scopeOf(environment);
    const orders = inForce.length === 0 ? '' : JSON.stringify(inForce.map(({ order }) => order));
    const before = this.#inForce.get(scope) ?? { orders: '', part: 0 };
    const part = before.orders === orders ? before.part : before.part + 1;
    this.#inForce.set(scope, { orders, part });
    return part;
  }

  /** Replaces an order of the same kind. Errors: `not-found` when the document has no such environment or revision. */
  set(wish: OverrideWish, document: RoutingDocument | null, atMs: number): void {
    const { app, environment: name, by, reason } = wish;
    const environment = document?.environments.find((each) => isOf(wish, each));
    if (environment === undefined) {
      const known = document?.environments.map(scopeOf).join(', ') ?? '';
      throw new LotseError('not-found', `The proxy knows no environment ${scopeOf(wish)}`, {
        hint: known === '' ? 'It has no routing document yet.' : `It knows ${known}.`,
      });
    }
    const order =
      wish.order.kind === 'switch'
        ? { kind: wish.order.kind, revision: findRevision(environment, wish.order.to).revision }
        : wish.order;
    this.#replace([...this.#without(wish, order.kind), { app, environment: name, order, by, reason, atMs }]);
  }

  /** Returns false when there was none. */
  clear(of: Pick<ProxyOverride, 'app' | 'environment'>, kind: ProxyOverride['order']['kind']): boolean {
    const rest = this.#without(of, kind);
    if (rest.length === this.#stored.length) return false;
    this.#replace(rest);
    return true;
  }

  #without(of: Pick<ProxyOverride, 'app' | 'environment'>, kind: string): readonly StoredOverride[] {
    return this.#stored.filter((each) => !isOf(each, of) || each.order.kind !== kind);
  }

  #replace(stored: readonly StoredOverride[]): void {
    this.#stored = stored;
    this.#readProblem = null;
    this.#write();
  }

  #write(): void {
    this.close();
    try {
      writeDurably(this.#path, JSON.stringify(this.#stored));
      this.#writeProblem = null;
    } catch (thrown) {
      this.#writeProblem = `not on disk: what was ordered at the proxy is in force, and lost when it restarts: ${toLotseError(thrown).message}`;
      this.#timer = setTimeout(() => this.#write(), rewriteMs);
    }
  }

  /** Tries no more. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function scopeOf({ app, environment }: Pick<ProxyOverride, 'app' | 'environment'>): string {
  return `${app}/${environment}`;
}

function isOf(a: Pick<ProxyOverride, 'app' | 'environment'>, b: Pick<ProxyOverride, 'app' | 'environment'>): boolean {
  return a.app === b.app && a.environment === b.environment;
}

function isInForce(override: StoredOverride, document: RoutingDocument | null): boolean {
  const environment = document?.environments.find((each) => isOf(override, each));
  if (environment === undefined) return false;
  const { order } = override;
  if (order.kind === 'maintenance') return true;
  const revision = environment.revisions.find((each) => each.revision === order.revision);
  return revision?.services.some(accepts) === true;
}

function accepts(service: RoutedRevision['services'][number]): boolean {
  return service.instances.some((instance) => instance.state === 'accepting');
}

/** The maintenance page wins over a switch. */
function override(environment: RoutedEnvironment, inForce: readonly StoredOverride[]): RoutedEnvironment {
  const orders = inForce.map(({ order }) => order);
  const [target] = orders.flatMap((order) => (order.kind === 'switch' ? [order.revision] : []));
  const [message] = orders.flatMap((order) => (order.kind === 'maintenance' ? [order.message] : []));
  const mode: RoutingMode =
    message === undefined ? { kind: 'serving' } : { kind: 'maintenance', message, retryAfterS: maintenanceRetryS };
  const shares = target === undefined ? environment.shares : [{ revision: target, permille: 1000 }];
  return { ...environment, epoch: overriddenEpoch, mode, shares };
}

/** Error: `not-found` with those that it could be. */
function findRevision(environment: RoutedEnvironment, to: string): RoutedRevision {
  const able = environment.revisions.filter(({ services }) => services.length > 0 && services.every(accepts));
  const found = able.filter((each) => each.revision === to);
  const matches = found.length > 0 ? found : able.filter((each) => each.release === to);
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return only;
  const names = able.map(({ revision, release }) => `${revision} (release ${release})`);
  const isNamed = environment.revisions.some(({ revision, release }) => revision === to || release === to);
  const why =
    matches.length > 1
      ? 'is the release of several revisions'
      : isNamed
        ? 'has no instance for each of its services'
        : 'is not there';
  throw new LotseError('not-found', `${scopeOf(environment)} cannot be switched to ${to}: it ${why}`, {
    hint: names.length === 0 ? 'No revision has instances that accept requests.' : `It could be: ${names.join(', ')}.`,
    details: able.map(({ revision }) => revision),
  });
}

function describeOverride({ app, environment, order, by, reason, atMs, isInForce: isOn }: ProxyOverride): string {
  const what = order.kind === 'switch' ? `switched to ${order.revision}` : 'under maintenance';
  const why = reason === null ? '' : ` (“${reason}”)`;
  const since = new Date(atMs).toISOString();
  const off = order.kind === 'switch' ? `switch ${environment} --clear` : `maintenance ${environment} off`;
  const effect = isOn ? '' : ', which is not in force because the routing document names no instance for it';
  return `override: ${by} has ${app}/${environment} ${what} at the proxy since ${since}${why}${effect}; \`lotse proxy ${off} --app ${app}\` ends it`;
}
