import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Quality } from '../../test/simulation/behaviour.ts';
import { planFor, revision, service } from '../../test/simulation/shapes.ts';
import { Looks, type Look } from '../core/looks.ts';
import type { StrategyName } from '../rollout/plan.ts';
import { CountingProxy } from './fixtures/counting-proxy.ts';
import { reach } from './fixtures/in-time.ts';
import { rules } from './fixtures/judge-wishes.ts';
import { recordedPlane } from './fixtures/recorded-plane.ts';
import type { EngineParts } from './parts.ts';

const services = [service('web', { instances: 2, stickiness: { kind: 'none' } })];
const canary = { shares: [50, 250].map((permille) => ({ permille, everyMs: 0, expectedMs: null })) };
const grace = { kind: 'person', id: 'grace' } as const;

interface Wish {
  readonly quality?: Quality;
  readonly strategy?: StrategyName;
  readonly isGated?: boolean;
}

/** A control plane of which it is known when slots are looked at, and by which of its lives. */
function plane(change: (parts: EngineParts) => Partial<EngineParts> = () => ({})) {
  const looks: number[] = [];
  let lives = 0;
  const recorded = recordedPlane((parts) => {
    const changed = { ...parts, ...change(parts) };
    const life = lives++;
    const { target } = changed;
    const observe: typeof target.observe = (scope) => {
      looks.push(life);
      return target.observe(scope);
    };
    return { ...changed, target: { ...target, observe } };
  });
  return { ...recorded, looks };
}
type Plane = ReturnType<typeof plane>;

async function begin({ world, voyage }: Plane, number: number, wish: Wish = {}) {
  const { quality = 'good', strategy = 'blue-green', isGated = false } = wish;
  const to = revision(number, services);
  world.add(to, quality);
  const gates = isGated ? [{ id: 'approval', kind: 'approval', approvals: 1 } as const] : [];
  const judged = strategy === 'canary' ? { canary, holdbackPermille: 50, rules } : {};
  const wanted = { kind: 'deploy', to, strategy, watchMs: 5_000, gates, ...judged } as const;
  return await voyage.begin((view) => planFor(world, view.environment, number, wanted));
}

/** Release 1 serves, and it is not a moment at which the loop would look anyway. */
async function serving(change?: (parts: EngineParts) => Partial<EngineParts>): Promise<Plane> {
  const started = plane(change);
  await begin(started, 1);
  assert.equal(await started.voyage.end(), 'settled');
  await started.voyage.calmDown();
  await started.world.time.passMs(370);
  return started;
}

function say({ voyage, world }: Plane, kind: 'pause' | 'resume'): Promise<void> {
  return voyage.engine.command(world.scope, { kind, actor: grace, reason: null }).catch(() => undefined);
}

function abort({ voyage, world }: Plane): Promise<void> {
  return voyage.engine.command(world.scope, { kind: 'abort', actor: grace, reason: null, blame: false });
}

async function looksIn({ world, looks }: Plane, ms: number, life = 0): Promise<number> {
  const count = () => looks.filter((each) => each === life).length;
  const before = count();
  await world.time.passMs(ms);
  return count() - before;
}

const eventsOf = ({ world }: Plane) => world.journal.read({ after: 0, limit: 1_000, correlationId: null });

describe('at once, not when the loop looks the next time,', () => {
  it('an environment is taken down', async () => {
    const recorded = await serving();
    const { voyage, world } = recorded;
    void voyage.engine.takeDown(world.scope, grace, null);
    await world.time.passMs(20);
    assert.equal(world.traffic.routing?.mode.kind, 'maintenance');
    assert.equal(recorded.ordered.at(-1), 'production-1/web × 0');
    await voyage.close();
  });

  it('a rollout that a person aborts goes back', async () => {
    const recorded = await serving();
    await begin(recorded, 2);
    await reach(recorded, 'watch');
    await recorded.world.time.passMs(370);
    void abort(recorded);
    await recorded.world.time.passMs(20);
    assert.equal(recorded.world.traffic.answering(), 'production-1');
    await recorded.voyage.close();
  });

  it('users get what can serve them when a rollout is stranded', async () => {
    const recorded = await serving();
    const { voyage, world } = recorded;
    world.tired.add('production-1');
    await begin(recorded, 2, { strategy: 'recreate', quality: 'does-not-start' });
    assert.equal(await voyage.end(), 'stranded');
    await world.time.passMs(20);
    assert.equal(world.traffic.routing?.mode.kind, 'serving');
    await voyage.close();
  });
});

describe('slots are looked at', () => {
  it('many times a second while a step has just begun to wait', async () => {
    const recorded = await serving();
    await begin(recorded, 2, { quality: 'slow' });
    await reach(recorded, 'start');
    assert.ok((await looksIn(recorded, 500)) >= 15);
    await recorded.voyage.close();
  });

  it('twice a second while the proxy does not take what is ordered', async () => {
    const recorded = await serving();
    const { voyage, world } = recorded;
    voyage.weather.down.add('changes of traffic');
    void voyage.engine.takeDown(world.scope, grace, null);
    await world.time.passMs(5_000);
    assert.equal(await looksIn(recorded, 20_000), 40);
    voyage.weather.down.clear();
    assert.equal(await looksIn(recorded, 20_000), 20);
    await voyage.close();
  });

  it('no more often because a person says again what is so already', async () => {
    const recorded = await serving();
    await begin(recorded, 2);
    await reach(recorded, 'watch');
    void say(recorded, 'pause');
    await recorded.world.time.passMs(100);
    void say(recorded, 'pause');
    assert.equal(await looksIn(recorded, 900), 1);
    await recorded.voyage.close();
  });

  it('no more by a control plane that another one has taken over from', async () => {
    const recorded = await serving();
    await begin(recorded, 2);
    await reach(recorded, 'watch');
    recorded.planes.restart();
    assert.equal(await recorded.voyage.end(), 'settled');
    assert.equal(await looksIn(recorded, 10_000, 0), 0);
    assert.equal(await looksIn(recorded, 10_000, 1), 10);
    await recorded.voyage.close();
  });

  it('for whoever shows environments: what looks different is told', async () => {
    const looks = new Looks();
    const told: Look[] = [];
    looks.onLook((look) => told.push(look));
    const recorded = await serving(() => ({ looks }));
    assert.ok(told.some(({ what }) => what === 'instances'));
    told.length = 0;
    await recorded.world.time.passMs(5_000);
    assert.deepEqual(told, []);
    await recorded.voyage.close();
  });
});

describe('gates of the step to come', () => {
  /** Release 2 is approved and waits for its first verification; gates take a while to answer. */
  async function approved(tookMs: number) {
    const recorded = await serving(({ bindings, clock }) => ({
      bindings: {
        ...bindings,
        gates: async (plan, ids) => {
          if (tookMs > 0) await clock.sleep(tookMs, new AbortController().signal);
          return await bindings.gates(plan, ids);
        },
      },
    }));
    const { evidence, time } = recorded.world;
    const subject = { kind: 'release', release: 'r2-0000000' } as const;
    const more = { environment: 'production', at: time.now, until: null, hash: '', summary: '' };
    evidence.push({ id: 'approval', gate: 'approval', subject, by: grace, ...more });
    await begin(recorded, 2, { isGated: true });
    await reach(recorded, 'verify-before');
    await time.passMs(10);
    return recorded;
  }

  it('are asked beforehand: when it is done, the next one begins with the same write', async () => {
    const recorded = await approved(20);
    assert.equal(await recorded.voyage.end(), 'settled');
    const events = eventsOf(recorded).filter(({ correlationId }) => correlationId === 'production-rollout-2');
    const types = events.map(({ type }) => type);
    const passedAt = types.lastIndexOf('gates-passed');
    assert.deepEqual(types.slice(passedAt - 1, passedAt + 2), ['step-done', 'gates-passed', 'step-intended']);
    assert.equal(events[passedAt - 1]?.at, events[passedAt]?.at);
    await recorded.voyage.close();
  });

  it('are asked anew when something has changed: what was open is not taken for open', async () => {
    const recorded = await approved(0);
    recorded.world.evidence.length = 0;
    recorded.voyage.engine.wake(recorded.world.scope);
    await reach(recorded, 'shift', 'next');
    await recorded.world.time.passMs(3_000);
    assert.equal(recorded.voyage.view.rollout?.stage, 'next');
    await recorded.voyage.close();
  });
});

it('a deadline that passed when the clock was set starts anew also where a person is heard first', async () => {
  const recorded = await serving();
  await begin(recorded, 2, { quality: 'slow' });
  await reach(recorded, 'start');
  recorded.world.shore.clockOffsetMs += 8 * 3_600_000;
  void say(recorded, 'resume');
  assert.equal(await recorded.voyage.end(), 'settled');
  await recorded.voyage.close();
});

it('nothing is written while nothing is decided', async () => {
  const writes: number[] = [];
  const recorded = await serving(({ journal }) => ({
    journal: {
      ...journal,
      append: (chain, fence, drafts) => {
        writes.push(drafts.length);
        return journal.append(chain, fence, drafts);
      },
    },
  }));
  await begin(recorded, 2, { quality: 'slow' });
  assert.equal(await recorded.voyage.end(), 'settled');
  assert.ok(writes.length > 10 && writes.every((events) => events > 0), writes.join());
  await recorded.voyage.close();
});

it('harm that is found after persons were heard counts, not what was well before', async () => {
  const proxy = new CountingProxy();
  let meanwhile: (() => void) | null = null;
  let lookMs = 0;
  const recorded = await serving(({ traffic, target, clock }) => ({
    traffic: {
      ...traffic,
      counters: async () => {
        const answer = await proxy.counters();
        meanwhile?.();
        meanwhile = null;
        return answer;
      },
      acknowledge: async () => undefined,
    },
    target: {
      ...target,
      observe: async (scope) => {
        if (lookMs > 0) await clock.sleep(lookMs, new AbortController().signal);
        return await target.observe(scope);
      },
    },
  }));
  // Later than all that Lotse orders, so that it is counted.
  proxy.open(1_000_000);
  await begin(recorded, 2, { strategy: 'canary' });
  await reach(recorded, 'share-1');
  await recorded.world.time.passMs(6_000);
  const serve = (failures: number) => {
    proxy.count('new', 2_000, failures);
    proxy.count('old', 2_000);
  };
  serve(0);
  meanwhile = () => {
    serve(2_000);
    lookMs = 1_200;
    void say(recorded, 'pause');
    void say(recorded, 'resume');
  };
  const isBack = () => recorded.voyage.view.rollout?.direction === 'back';
  assert.ok(await recorded.world.time.pass(isBack, 30_000));
  assert.equal(recorded.voyage.view.rollout?.cause?.kind, 'judged-harmful');
  const intended = eventsOf(recorded).flatMap(({ type, payload }) => (type === 'step-intended' ? [payload] : []));
  assert.ok(!JSON.stringify(intended).includes('share-2'));
  await recorded.voyage.close();
});
