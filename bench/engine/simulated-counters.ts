import { chainOf } from '../../src/core/ids.ts';
import type { EpochCounters, RoutedEnvironment, TrafficCount } from '../../src/core/routing-document.ts';

type Epoch = Omit<EpochCounters, 'counts' | 'durations'> & { readonly routed: RoutedEnvironment };

/** Buckets with visitors, of each service of each revision, and how often each of them comes. */
const busyBuckets = 20;
const everyMs = 5_000;

/** What a proxy counts while a few visitors come regularly and nothing fails. */
export class SimulatedCounters {
  #epochs: readonly Epoch[] = [];

  /** A document is in force: epochs that it does not name are over. */
  follow(environments: readonly RoutedEnvironment[]): void {
    const now = Date.now();
    const open = new Map(this.#epochs.flatMap((each) => (each.closedAtMs === null ? [[chainOf(each), each]] : [])));
    const next = environments.map((routed): Epoch => {
      const known = open.get(chainOf(routed));
      if (known?.epoch === routed.epoch) return { ...known, routed };
      const { app, environment, epoch } = routed;
      return { app, environment, epoch, proxyStart: 'one', openedAtMs: now, closedAtMs: null, routed };
    });
    const kept = new Set(next.map(({ app, environment, epoch }) => `${app}/${environment} ${epoch}`));
    const over = this.#epochs.flatMap((each) => {
      if (each.closedAtMs !== null) return [each];
      return kept.has(`${chainOf(each)} ${each.epoch}`) ? [] : [{ ...each, closedAtMs: now }];
    });
    this.#epochs = [...over, ...next];
  }

  forget(epochs: readonly Pick<EpochCounters, 'app' | 'environment' | 'epoch'>[]): void {
    const gone = new Set(epochs.map((each) => `${chainOf(each)} ${each.epoch}`));
    this.#epochs = this.#epochs.filter(
      (each) => each.closedAtMs === null || !gone.has(`${chainOf(each)} ${each.epoch}`),
    );
  }

  get now(): readonly EpochCounters[] {
    const now = Date.now();
    return this.#epochs.map(({ routed, ...epoch }) => {
      const visits = 1 + Math.floor(((epoch.closedAtMs ?? now) - epoch.openedAtMs) / everyMs);
      return { ...epoch, counts: countsOf(routed, visits), durations: [] };
    });
  }
}

function countsOf({ shares, revisions }: RoutedEnvironment, visits: number): readonly TrafficCount[] {
  const serving = shares.map((share) => share.revision);
  return revisions
    .filter(({ revision }) => serving.includes(revision))
    .flatMap(({ revision, services }) =>
      services.flatMap(({ service, lateAfterMs }) =>
        Array.from({ length: busyBuckets }, (_, index) => ({
          ...{ service, revision, started: visits, ok: visits, late: lateAfterMs.map(() => 0) },
          ...{ clientError: 0, serverError: 0, failed: 0, clientGone: 0 },
          // The newest release has the first buckets.
          bucket: revision === serving.at(-1) ? index : 999 - index,
        })),
      ),
    );
}
