import type { ChainName } from '../../src/core/ids.ts';
import type { EventDraft, JournalEvent } from '../../src/core/events.ts';
import type { EpochCounters, RoutedEnvironment, TrafficCount } from '../../src/core/routing-document.ts';
import type { EngineParts } from '../../src/engine/engine.ts';
import type { Saboteur } from './control-plane.ts';
import type { Sabotage } from './examine.ts';

/** Bugs as somebody could write them, planted between the engine and its ports. The simulator must find each. */
export const plantedBugs: Readonly<Record<string, Sabotage>> = {
  'gates count as open whatever they say': () => (parts) => {
    const gates: EngineParts['bindings']['gates'] = async (plan, ids) =>
      (await parts.bindings.gates(plan, ids)).map((each) => ({ ...each, state: { kind: 'open', evidence: [] } }));
    return { ...parts, bindings: { ...parts.bindings, gates } };
  },
  'now and then a write is confirmed that never reached the disk': () => {
    const isNow = every(40);
    return appending((append) => (chain, fence, drafts) => {
      const isLost = drafts.some(({ type }) => type === 'step-done') && isNow();
      return isLost ? Promise.resolve(drafts.map((draft) => unwritten(chain, draft))) : append(chain, fence, drafts);
    });
  },
  'the way back leaves users where they are': () =>
    appending((append) => (chain, fence, drafts) => append(chain, fence, drafts.map(withoutRouteBack))),
  'now and then shares are published the wrong way round': () => {
    const isNow = every(4);
    return (parts) => {
      const publish: EngineParts['traffic']['publish'] = (environments) =>
        parts.traffic.publish(environments.map((each) => (each.shares.length > 1 && isNow() ? swapped(each) : each)));
      return { ...parts, traffic: { ...parts.traffic, publish } };
    };
  },
  'now and then one instance less is ordered': () => {
    const isNow = every(25);
    return (parts) => {
      const ensure: EngineParts['target']['ensure'] = (order) =>
        parts.target.ensure(order.slots > 0 && isNow() ? { ...order, slots: order.slots - 1 } : order);
      return { ...parts, target: { ...parts.target, ensure } };
    };
  },
  'an instance that starts counts as ready': () => (parts) => {
    const observe: EngineParts['target']['observe'] = async (scope) =>
      (await parts.target.observe(scope)).map((slot) => ({
        ...slot,
        state: slot.state === 'starting' ? 'ready' : slot.state,
      }));
    return { ...parts, target: { ...parts.target, observe } };
  },
  'a job that is ordered again is another one': () => (parts) => {
    const startJob: EngineParts['target']['startJob'] = (order) =>
      parts.target.startJob({ ...order, variables: { ...order.variables, ORDERED_AT: String(parts.clock.now()) } });
    return { ...parts, target: { ...parts.target, startJob } };
  },
  'a call that is never answered is waited for': () => (parts) => {
    const never = () => new Promise<void>(() => undefined);
    const isDeadline = (ms: number) => ms === 10_000 || ms === 30_000;
    const sleep: EngineParts['clock']['sleep'] = (ms, signal) =>
      isDeadline(ms) ? never() : parts.clock.sleep(ms, signal);
    return { ...parts, clock: { ...parts.clock, sleep } };
  },
  'what the judge knows is not kept, and acknowledged all the same': () => (parts) => ({
    ...parts,
    checkpoints: { ...parts.checkpoints, save: async () => undefined },
  }),
  'what the judge thought in the end is not kept': () => (parts) => {
    const save: EngineParts['checkpoints']['save'] = async (key, value) =>
      key.startsWith('judged:') ? undefined : await parts.checkpoints.save(key, value);
    return { ...parts, checkpoints: { ...parts.checkpoints, save } };
  },
  'nothing is made of what signals say': () => (parts) => ({
    ...parts,
    signals: { read: async (question, aborted) => await parts.signals.read(question, aborted).then(() => null) },
  }),
  'signals are read in another unit': () => (parts) => ({
    ...parts,
    signals: {
      read: async (question, aborted) => {
        const value = await parts.signals.read(question, aborted);
        return value === null ? null : value / 2;
      },
    },
  }),
  'a newer deploy takes the place of one that is under way': () =>
    appending((append) => (chain, fence, drafts) => append(chain, fence, drafts.map(asIfSuperseded))),
  'requests of epochs before count for the one in force': () => counting(joined),
  'failed requests count as answered': () => counting((epochs) => epochs.map(whitewashed)),
  'requests without an answer are not told': () => counting((epochs) => epochs.map(answeredAlone)),
};

/** True for each so-and-so-manieth question. */
function every(times: number): () => boolean {
  let asked = 0;
  return () => ++asked % times === 0;
}

type Append = EngineParts['journal']['append'];

function appending(spoil: (append: Append) => Append): Saboteur {
  return (parts) => ({ ...parts, journal: { ...parts.journal, append: spoil(parts.journal.append) } });
}

function counting(spoil: (epochs: readonly EpochCounters[]) => readonly EpochCounters[]): Saboteur {
  return (parts) => ({
    ...parts,
    traffic: { ...parts.traffic, counters: async () => spoil(await parts.traffic.counters()) },
  });
}

function unwritten(chain: ChainName, draft: EventDraft): JournalEvent {
  return { ...draft, chain, sequence: 0, id: '', at: 0, hash: '', erased: false };
}

function withoutRouteBack(draft: EventDraft): EventDraft {
  const { payload } = draft;
  if (draft.type !== 'step-intended' || !isRecord(payload) || payload['direction'] !== 'back') return draft;
  const effects: unknown = payload['effects'];
  if (!Array.isArray(effects)) return draft;
  const left = effects.filter((effect: unknown) => !isRecord(effect) || effect['kind'] !== 'route');
  return { ...draft, payload: { ...payload, effects: left } };
}

/** Whatever a rollout is taken back for by a person. */
function asIfSuperseded(draft: EventDraft): EventDraft {
  const { payload } = draft;
  if (draft.type !== 'rollout-turned' || !isRecord(payload)) return draft;
  const { cause } = payload;
  if (!isRecord(cause) || cause['kind'] !== 'aborted') return draft;
  return { ...draft, payload: { ...payload, cause: { ...cause, message: 'superseded by r99-0000000' } } };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function swapped(routing: RoutedEnvironment): RoutedEnvironment {
  const permilles = routing.shares.map(({ permille }) => permille).toReversed();
  const shares = routing.shares.map((share, index) => ({ ...share, permille: permilles[index] ?? 0 }));
  return { ...routing, shares };
}

function joined(epochs: readonly EpochCounters[]): readonly EpochCounters[] {
  const last = Map.groupBy(epochs, ({ environment }) => environment);
  return [...last.values()].flatMap((own) => {
    const newest = own.at(-1);
    return newest === undefined ? [] : [{ ...newest, counts: summed(own.flatMap(({ counts }) => counts)) }];
  });
}

function summed(counts: readonly TrafficCount[]): readonly TrafficCount[] {
  const rows = Map.groupBy(counts, ({ service, revision, bucket }) => `${service} ${revision} ${bucket}`);
  return [...rows.values()].flatMap((same) => {
    const ok = same.reduce((sum, row) => sum + row.ok, 0);
    const started = same.reduce((sum, row) => sum + row.started, 0);
    return same.slice(0, 1).map((row) => ({ ...row, ok, started }));
  });
}

function whitewashed(epoch: EpochCounters): EpochCounters {
  const counts = epoch.counts.map((row) => ({
    ...row,
    ok: row.ok + row.serverError + row.failed,
    serverError: 0,
    failed: 0,
  }));
  return { ...epoch, counts };
}

function answeredAlone(epoch: EpochCounters): EpochCounters {
  const counts = epoch.counts.map((row) => {
    const { ok, clientError, serverError, failed, late } = row;
    return { ...row, started: ok + clientError + serverError + failed, clientGone: 0, late: late.map(() => 0) };
  });
  return { ...epoch, counts };
}
