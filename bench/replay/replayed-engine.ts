import { LotseError } from '../../src/core/errors.ts';
import type { EventDraft } from '../../src/core/events.ts';
import type { Scope } from '../../src/core/ids.ts';
import { Engine, type EngineParts } from '../../src/engine/engine.ts';
import type { Plan } from '../../src/rollout/plan.ts';
import type { Revision } from '../../src/rollout/release.ts';
import { SimulatedJournal } from '../../test/simulation/simulated-journal.ts';
import { clockOn, type VirtualTime } from '../../test/simulation/virtual-time.ts';
import { promptTarget } from './prompt-target.ts';
import type { Replayed } from './replay.ts';
import type { ReplayedTraffic, Tally } from './replayed-traffic.ts';

/** What is still under way after a turn has its time to end, in milliseconds: longer than any visitor waits. */
const afterwardsMs = 10_000;

/** A real engine in simulated time. A problem that it tells ends the replay: nothing fails here. */
export class ReplayedEngine {
  readonly #time: VirtualTime;
  readonly #traffic: ReplayedTraffic;
  readonly #scope: Scope;
  readonly #engine: Engine;
  readonly #journal = new SimulatedJournal();
  #problem: unknown = null;
  /** Of the rollout that runs: its first share, and what the new release had met when it turned. */
  #sharedAt: number | null = null;
  #turned: { readonly at: number; readonly tally: Tally } | null = null;

  constructor(time: VirtualTime, traffic: ReplayedTraffic, scope: Scope, revisions: readonly Revision[]) {
    this.#time = time;
    this.#traffic = traffic;
    this.#scope = scope;
    this.#engine = new Engine(this.#parts(revisions));
  }

  async open(): Promise<void> {
    await this.#passUntil(this.#engine.open([this.#scope]));
  }

  async close(): Promise<void> {
    await this.#passUntil(this.#engine.close());
  }

  /** Runs a rollout to its end, and lets what is still under way end too. Errors: it takes longer than that. */
  async run(plan: Plan, patienceMs: number): Promise<Replayed> {
    this.#sharedAt = null;
    this.#turned = null;
    await this.#passUntil(this.#engine.begin(plan));
    const isOver = () => this.#problem !== null || this.#end !== null;
    const hasEnded = await this.#time.pass(isOver, patienceMs);
    const end = this.#end;
    if (this.#problem !== null) throw new Error('the engine has a problem', { cause: this.#problem });
    if (!hasEnded || end === null) throw new Error(`${plan.rollout} does not end`);
    const { at, tally } = this.#turned ?? { at: this.#time.now, tally: this.#traffic.tally(plan.to.revision) };
    if (this.#turned !== null) await this.#time.passMs(afterwardsMs);
    const last = this.#traffic.tally(plan.to.revision);
    return {
      end: end.kind,
      cause: end.cause?.kind ?? null,
      why: end.cause?.message ?? null,
      tookMs: at - (this.#sharedAt ?? at),
      requests: tally.requests,
      failures: tally.failures,
      failuresInFlight: last.failures - tally.failures,
    };
  }

  get #end() {
    const { rollout } = this.#engine.view(this.#scope);
    return rollout?.end === null || rollout === null ? null : { kind: rollout.end.kind, cause: rollout.cause };
  }

  async #passUntil(done: Promise<void>): Promise<void> {
    let isDone = false;
    void done.finally(() => (isDone = true)).catch(() => undefined);
    await this.#time.pass(() => isDone, 60_000);
    await done;
  }

  #note(drafts: readonly EventDraft[]): void {
    const { rollout } = this.#engine.view(this.#scope);
    const { now } = this.#time;
    for (const { type, payload } of drafts) {
      if (type === 'step-intended' && /"step":"share-/.test(JSON.stringify(payload))) this.#sharedAt ??= now;
      const revision = rollout?.plan.to.revision;
      if (type === 'rollout-turned' && revision !== undefined) {
        this.#turned = { at: now, tally: this.#traffic.tally(revision) };
      }
    }
  }

  #parts(revisions: readonly Revision[]): EngineParts {
    const checkpoints = new Map<string, string>();
    return {
      journal: {
        append: async (chain, fence, drafts) => {
          this.#note(drafts);
          return this.#journal.append(chain, fence, drafts, this.#time.now);
        },
        read: async (_, query) => this.#journal.read(query),
        heads: async () => ({}),
      },
      checkpoints: {
        load: async (key) => checkpoints.get(key) ?? null,
        save: async (key, value) => void checkpoints.set(key, value),
        remove: async (key) => void checkpoints.delete(key),
      },
      lock: { fence: 2, raiseAbove: async (fence) => fence + 1, release: async () => undefined },
      target: promptTarget(this.#time),
      traffic: this.#traffic,
      signals: { read: async () => null },
      bindings: bindingsOf(revisions),
      clock: clockOn(
        this.#time,
        () => 0,
        () => false,
      ),
      log: ({ error }) => (this.#problem ??= error),
      atPoint: () => undefined,
    };
  }
}

function bindingsOf(revisions: readonly Revision[]): EngineParts['bindings'] {
  const door = { domains: ['bildwerk.test'], previewDomains: [], https: null, port: null, url: 'http://127.0.0.1:1' };
  return {
    revision: async (_, id) => {
      const found = revisions.find((revision) => revision.id === id);
      if (found === undefined) throw new LotseError('not-found', `there is no ${id}`);
      return found;
    },
    frontDoor: async () => door,
    ports: async () => ({ pinned: 1, internal: {}, inner: null }),
    release: async () => undefined,
    surroundings: async () => ({ variables: {}, storeFolders: [] }),
    gates: async () => [],
    signals: async () => [],
    learnFixedPort: async () => undefined,
  };
}
