import { chainOf, type Scope } from '../../src/core/ids.ts';
import type { Target, TargetSlot } from '../../src/ports/targets/targets.ts';
import type { ObservedJob } from '../../src/rollout/facts.ts';
import type { OrderToMachines, ToControlPlane } from './messages.ts';

/** The target as a control plane holds it: what machines told last, at hand; orders go to them. */
export class MirroredTarget {
  readonly #send: (call: number, order: OrderToMachines) => void;
  readonly #slots = new Map<string, readonly TargetSlot[]>();
  readonly #jobs = new Map<string, ObservedJob>();
  readonly #calls = new Map<number, () => void>();
  #lastCall = 0;

  constructor(send: (call: number, order: OrderToMachines) => void) {
    this.#send = send;
  }

  hear(message: ToControlPlane): void {
    switch (message.kind) {
      case 'slots':
        this.#slots.set(chainOf(message.scope), message.slots);
        return;
      case 'job':
        this.#jobs.set(message.job.key, message.job);
        return;
      case 'done':
        this.#calls.get(message.call)?.();
        this.#calls.delete(message.call);
        return;
      case 'all-told':
      case 'ask':
    }
  }

  get port(): Target {
    return {
      traits: {
        name: 'process',
        instances: 'lotse',
        scaling: 'lotse',
        traffic: 'lotse',
        addresses: 'per-slot',
        notes: [],
      },
      // Machines of the bench give no address twice.
      ensure: (order) => this.#order({ kind: 'ensure', order: { ...order, avoid: [] } }),
      observe: (scope: Scope) => Promise.resolve(this.#slots.get(chainOf(scope)) ?? []),
      startJob: (order) => this.#order({ kind: 'start-job', order }),
      observeJob: (key) => Promise.resolve(this.#jobs.get(key) ?? null),
      cancelJob: (key) => this.#order({ kind: 'cancel-job', key }),
      logs: () => {
        throw new Error('the engine reads no logs');
      },
      room: () => Promise.resolve(null),
      close: () => Promise.resolve(),
    };
  }

  #order(order: OrderToMachines): Promise<void> {
    const call = (this.#lastCall += 1);
    return new Promise((resolve) => {
      this.#calls.set(call, resolve);
      this.#send(call, order);
    });
  }
}
