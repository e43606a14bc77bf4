import type { EpochCounters } from '../../core/routing-document.ts';
import type { EpochName } from './counter-book.ts';
import { countersInPresentForm } from './counters-in-present-form.ts';

const keptPerEnvironment = 64;

/** What the proxies before this one have counted, as they last told it, until it is acknowledged. */
export class InheritedCounters {
  #epochs: readonly EpochCounters[] = [];
  /** Closed epochs that must not come back, though the predecessor still names them. */
  readonly #acknowledged = new Set<string>();

  /** `epochs`: all that the predecessor has; an epoch that was closed before stays as it was. */
  record(epochs: readonly EpochCounters[]): void {
    const known = new Map(this.#epochs.filter(isClosed).map((epoch) => [keyOf(epoch), epoch]));
    for (const epoch of epochs) {
      const key = keyOf(epoch);
      if (!this.#acknowledged.has(key) && !known.has(key)) known.set(key, countersInPresentForm(epoch));
    }
    this.#epochs = [...known.values()];
    this.#forgetOldest();
  }

  /** The predecessor says nothing more: what it last told stands. */
  close(nowMs: number): void {
    this.#epochs = this.#epochs.map((epoch) => (isClosed(epoch) ? epoch : { ...epoch, closedAtMs: nowMs }));
    this.#acknowledged.clear();
  }

  acknowledge(names: readonly EpochName[]): void {
    const keys = new Set(names.map(keyOf));
    const [forgotten, kept] = [true, false].map((is) =>
      this.#epochs.filter((epoch) => (isClosed(epoch) && keys.has(keyOf(epoch))) === is),
    );
    for (const epoch of forgotten ?? []) this.#acknowledged.add(keyOf(epoch));
    this.#epochs = kept ?? [];
  }

  all(): readonly EpochCounters[] {
    return this.#epochs;
  }

  #forgetOldest(): void {
    const counts = new Map<string, number>();
    const newestFirst = this.#epochs.toReversed().filter((epoch) => {
      const scope = `${epoch.app}/${epoch.environment}`;
      const count = (counts.get(scope) ?? 0) + 1;
      counts.set(scope, count);
      return count <= keptPerEnvironment || !isClosed(epoch);
    });
    this.#epochs = newestFirst.toReversed();
  }
}

function isClosed(epoch: EpochCounters): boolean {
  return epoch.closedAtMs !== null;
}

function keyOf({ app, environment, epoch, proxyStart }: EpochName): string {
  return `${app}/${environment} ${epoch} ${proxyStart}`;
}
