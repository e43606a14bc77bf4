import { LotseError } from '../../src/core/errors.ts';
import type { ServiceOrder, Target, TargetSlot } from '../../src/ports/targets/targets.ts';
import type { VirtualTime } from '../../test/simulation/virtual-time.ts';

/** How long a copy takes to be ready, and to be gone, in milliseconds. */
const readyAfterMs = 1_500;
const goneAfterMs = 200;

interface Copy {
  readonly port: number;
  readonly readyAt: number;
  goneAt: number | null;
}

interface Kept {
  readonly order: ServiceOrder;
  readonly copies: Map<number, Copy>;
}

/** Machines on which everything starts and stops as it should: what is wrong with a release is in its answers. */
export function promptTarget(time: VirtualTime): Target {
  const kept = new Map<string, Kept>();
  let ports = 20_000;
  const unused = () => {
    throw new LotseError('internal', 'a replay does not ask this');
  };
  const follow = (order: ServiceOrder) => {
    const key = `${order.revision}/${order.definition.service}`;
    const copies = kept.get(key)?.copies ?? new Map<number, Copy>();
    kept.set(key, { order, copies });
    for (let slot = 0; slot < order.slots; slot++) {
      if (!copies.has(slot)) copies.set(slot, { port: ports++, readyAt: time.now + readyAfterMs, goneAt: null });
    }
    for (const [slot, copy] of copies) if (slot >= order.slots) copy.goneAt ??= time.now + goneAfterMs;
  };
  const traits = { name: 'process', instances: 'lotse', scaling: 'lotse', traffic: 'lotse' } as const;
  return {
    traits: { ...traits, addresses: 'per-slot', notes: [] },
    ensure: async (order) => follow(order),
    observe: async () => [...kept.values()].flatMap((each) => seenOf(each, time.now)),
    startJob: async () => unused(),
    observeJob: async () => null,
    cancelJob: async () => undefined,
    logs: unused,
    room: async () => null,
    close: async () => undefined,
  };
}

function seenOf({ order, copies }: Kept, now: number): readonly TargetSlot[] {
  for (const [slot, { goneAt }] of copies) if (goneAt !== null && goneAt <= now) copies.delete(slot);
  const { revision, definition } = order;
  return Array.from(copies, ([slot, { port, readyAt, goneAt }]) => {
    const state = goneAt !== null ? 'stopping' : readyAt <= now ? 'ready' : 'starting';
    const hasAddress = definition.kind === 'web' && state !== 'starting';
    return {
      ...{ revision, service: definition.service, slot, attempt: 1, state, unexpectedExits: 0, note: null },
      ...{ logTail: [], address: hasAddress ? { host: '127.0.0.1', port } : null, fixedPort: null },
      ...{ pid: null, startedAt: null, memoryBytes: null, writesBesideCode: [] },
    };
  });
}
