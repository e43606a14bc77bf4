import type { Judged } from '../../src/engine/engine.ts';
import { parseJudged, recordKey } from '../../src/engine/judged-record.ts';
import type { Judgement } from '../../src/rollout/judge/judgement.ts';
import type { Plan } from '../../src/rollout/plan.ts';
import { sales } from './simulated-signals.ts';
import type { World } from './world.ts';

/** Harm that the judge has found turns the rollout within this, in milliseconds, where nothing else goes wrong. */
const harmMs = 2_500;
const mostExtensions = 200;
/** So many readings that are worse on the side of the new release: five are enough, others may be on their way. */
const surelyWorse = 8;
/**
 * And it has no users any more within this, in milliseconds, also while the target says nothing: where the way back is
 * one switch. Rolling and recreate have to start instances first.
 */
const backMs = 45_000;

interface Counted {
  readonly requests: number;
  readonly failures: number;
}

/** Of which rollout harm was found, and how often before that the evidence had been lost. */
interface Found {
  readonly rollout: string;
  readonly losses: number;
}

const nothing: Counted = { requests: 0, failures: 0 };
const arms = ['new', 'old'] as const;

/** What the judge is told, what it makes of it, and what follows. */
export class JudgeInvariants {
  readonly #world: World;
  #rollout = '';
  /** What was acknowledged of the rollout that is judged: the proxy has forgotten it, the judge must not. */
  #gone = { new: nothing, old: nothing };
  /** How often what the judge knew was lost. */
  #losses = 0;
  #isFoundHarmful = false;
  /** A look at the rollout was written down. */
  #isLookKept = false;

  constructor(world: World) {
    this.#world = world;
  }

  begin(rollout: string): void {
    this.#world.signals.forget();
    this.#rollout = rollout;
    this.#gone = { new: nothing, old: nothing };
    this.#losses = 0;
    this.#isFoundHarmful = false;
    this.#isLookKept = false;
  }

  /** A fault that the judge cannot be blamed for: it has to find out anew. */
  loseCheckpoints(): void {
    this.#losses++;
    this.#isFoundHarmful = false;
  }

  acknowledged(epoch: number, proxyStart: string): void {
    const { traffic, invariants, shore, scope } = this.#world;
    const gone = traffic.flow.acknowledge(epoch, proxyStart);
    const state = invariants.rollout;
    if (gone === null || state === null || state.plan.judge === null) return;
    if (gone.salt !== state.plan.salt || state.end !== null || state.direction === 'back') return;
    const { newRevision, oldRevision } = state.plan.judge;
    const services = state.plan.judge.services.map(({ service }) => service);
    this.#gone = {
      new: sum(this.#gone.new, gone.ended(newRevision, services)),
      old: sum(this.#gone.old, gone.ended(oldRevision, services)),
    };
    if (!shore.checkpoints.has(`judge:${scope.app}/${this.#rollout}`))
      this.#world.violate(`epoch ${epoch} was acknowledged before what it brought was kept`);
  }

  /** Right after each look. */
  looked(judged: Judged | null): void {
    const state = this.#world.invariants.rollout;
    if (judged === null || state === null || judged.rollout !== this.#rollout || state.plan.judge === null) return;
    // What is written after the end is no look.
    if (state.end !== null || state.direction === 'back') return;
    this.#world.count('looks of a judge');
    this.#isLookKept = true;
    const { newRevision, oldRevision } = state.plan.judge;
    const revisions = { new: newRevision, old: oldRevision };
    const services = state.plan.judge.services.map(({ service }) => service);
    const epochs = this.#world.traffic.flow.ofSalt(state.plan.salt);
    for (const arm of arms) {
      const real = epochs.map((epoch) => epoch.ended(revisions[arm], services)).reduce(sum, this.#gone[arm]);
      const counted = countedOf(judged.judgement, arm);
      if (counted.requests > real.requests || counted.failures > real.failures)
        this.#world.violate(`the judge counts ${text(counted)} of the ${arm} release, there were ${text(real)}`);
      if (this.#losses === 0 && counted.requests < this.#gone[arm].requests)
        this.#world.violate(
          `the judge knows ${text(counted)} and has forgotten some of ${text(this.#gone[arm])} of the ${arm} release`,
        );
    }
    this.#checkSignals(judged.judgement, state.plan);
    if (judged.judgement.verdict === 'harmful' || judged.judgement.broken.length > 0) this.#foundHarmful();
  }

  /** Once its rollout has ended and the world has calmed down, what was thought is kept and nothing else. */
  ended({ app, rollout }: Plan): void {
    const { checkpoints } = this.#world.shore;
    if (checkpoints.has(`judge:${app}/${rollout}`)) this.#world.violate('a checkpoint of the judge is left behind');
    if (!this.#isLookKept || this.#losses > 0 || rollout !== this.#rollout) return;
    const record = parseJudged(checkpoints.get(recordKey({ app, rollout })) ?? null);
    if (record?.rollout !== rollout) this.#world.violate('what the judge thought in the end is not kept');
  }

  #checkSignals({ broken }: Judgement, plan: Plan): void {
    const { signals } = this.#world;
    if (plan.judge === null || plan.judge.signals.length === 0) return;
    const qualityBefore = plan.before.kind === 'revision' ? this.#world.qualityOf(plan.before.revision) : null;
    const isBad = this.#world.qualityOf(plan.to.revision) === 'sells-less';
    const isBroken = broken.some((sentence) => sentence.startsWith(sales.rule.signal));
    if (isBroken && !isBad) this.#world.violate('a signal that was never bad is held against the release');
    if (isBroken || !isBad || qualityBefore === 'sells-less') return;
    const pairs = signals.pairsHeard(plan);
    if (pairs >= surelyWorse)
      this.#world.violate(`a signal was worse ${pairs} times in a row, and nothing was made of it`);
  }

  #foundHarmful(): void {
    if (this.#isFoundHarmful) return;
    this.#isFoundHarmful = true;
    this.#world.note('the judge finds it harmful');
    const finding = { rollout: this.#rollout, losses: this.#losses };
    this.#expectReturn(finding, 0);
    this.#expectNoUsers(finding, 0);
  }

  #isForgotten({ rollout, losses }: Found): boolean {
    return rollout !== this.#rollout || losses !== this.#losses;
  }

  #expectNoUsers(found: Found, extensions: number): void {
    const { shore, time, invariants, traffic } = this.#world;
    const problems = shore.problemsBesideTarget;
    time.after(backMs, () => {
      const state = invariants.rollout;
      if (this.#isForgotten(found) || state === null || state.end !== null || state.plan.judge === null) return;
      const { newRevision } = state.plan.judge;
      const share = traffic.routing?.shares.find(({ revision }) => revision === newRevision)?.permille ?? 0;
      if (state.plan.strategy !== 'canary' && state.plan.strategy !== 'blue-green') return;
      const isJudged = state.direction === 'back' || (state.plan.steps[state.index]?.isJudged ?? false);
      if (share === 0 || !isJudged) return;
      const upMs = shore.upSince === null ? 0 : time.now - shore.upSince;
      if (shore.problemsBesideTarget === problems && upMs >= backMs)
        return this.#world.violate(`found harmful, and ${backMs} ms later it still has users`);
      if (extensions < mostExtensions) this.#expectNoUsers(found, extensions + 1);
    });
  }

  #expectReturn(found: Found, extensions: number): void {
    const { shore, time, invariants } = this.#world;
    const faults = shore.faults;
    time.after(harmMs, () => {
      const state = invariants.rollout;
      if (this.#isForgotten(found) || state === null || state.end !== null || state.direction === 'back') return;
      const isJudged = state.plan.steps[state.index]?.isJudged ?? false;
      if (!isJudged) return;
      const isQuiet = shore.faults === faults && shore.hanging === 0;
      const isUndisturbed = isQuiet && shore.upSince !== null && time.now - shore.upSince >= harmMs;
      if (!isUndisturbed && extensions < mostExtensions) return this.#expectReturn(found, extensions + 1);
      this.#world.violate(`found harmful, and ${harmMs} ms later it still goes on`);
    });
  }
}

function countedOf({ findings }: Judgement, arm: 'new' | 'old'): Counted {
  const own = findings.filter(({ metric }) => metric === 'failures').map(({ counted }) => counted[arm]);
  return own.reduce((all, { requests, events }) => sum(all, { requests, failures: events }), nothing);
}

function sum(one: Counted, other: Counted): Counted {
  return { requests: one.requests + other.requests, failures: one.failures + other.failures };
}

function text({ requests, failures }: Counted): string {
  return `${requests} requests (${failures} failed)`;
}
