import { setTimeout as wait } from 'node:timers/promises';
import { sayError } from '../../core/errors.ts';
import { chainOf, type Scope, type UnixMs } from '../../core/ids.ts';
import type { NotifyDefinition } from '../../manifest/app-manifest.ts';
import type { Notifier } from '../../ports/notifications/notifications.ts';
import type { FindValue } from './receivers.ts';

interface HeartbeatParts {
  readonly notifier: Pick<Notifier, 'beat'>;
  readonly scopes: () => Promise<readonly Scope[]>;
  readonly notify: (scope: Scope) => Promise<NotifyDefinition | null>;
  readonly find: FindValue;
  /** Rejects when Lotse cannot do its work. */
  readonly isWell: () => Promise<void>;
  readonly now: () => UnixMs;
  readonly everyMs?: number;
}

export interface LastBeat {
  readonly lastAt: UnixMs | null;
  readonly problem: string | null;
}

const usualEveryMs = 60_000;
/** How often is looked for one that is due, or new, in milliseconds. */
const lookEveryMs = 2_000;
const attemptMs = 20_000;

/** Calls outside watchers while all is well: nobody can report their own death, so somebody else misses the call. */
export class Heartbeats {
  readonly #parts: HeartbeatParts;
  readonly #closing = new AbortController();
  readonly #last = new Map<string, LastBeat>();
  /** By the clock that nobody sets. */
  readonly #triedMs = new Map<string, number>();
  #loop: Promise<void> = Promise.resolve();

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
  }

  lastOf(scope: Scope): LastBeat {
    return this.#last.get(chainOf(scope)) ?? { lastAt: null, problem: null };
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#beatAll().catch(() => undefined); // Not called is what the watcher hears.
      await wait(lookEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Two environments with one address are one call. */
  async #beatAll(): Promise<void> {
    await this.#parts.isWell();
    const called = new Map<string, Promise<void>>();
    const scopes = await this.#parts.scopes();
    await Promise.all(
      scopes.map(async (scope) => {
        const name = (await this.#parts.notify(scope))?.heartbeat ?? null;
        const triedMs = this.#triedMs.get(chainOf(scope)) ?? Number.NEGATIVE_INFINITY;
        if (name === null || performance.now() - triedMs < (this.#parts.everyMs ?? usualEveryMs)) return;
        this.#triedMs.set(chainOf(scope), performance.now());
        try {
          const url = await this.#parts.find(scope, name);
          if (url === null) return this.#note(scope, `${scope.environment} has no value for ${name}`);
          const signal = AbortSignal.any([AbortSignal.timeout(attemptMs), this.#closing.signal]);
          const call = called.get(url.reveal()) ?? this.#parts.notifier.beat(url, signal);
          called.set(url.reveal(), call);
          await call;
          this.#last.set(chainOf(scope), { lastAt: this.#parts.now(), problem: null });
        } catch (error) {
          this.#note(scope, sayError(error));
        }
      }),
    );
  }

  #note(scope: Scope, problem: string): void {
    this.#last.set(chainOf(scope), { ...this.lastOf(scope), problem });
  }
}
