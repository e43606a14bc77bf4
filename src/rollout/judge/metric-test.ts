import type { DurationCount } from '../../core/routing-document.ts';
import { Comparison } from './comparison.ts';
import type { ComparisonState, EpochOrder, MetricInterval } from './comparison.ts';
import type { CountedRow } from './intervals.ts';
import type { Finding } from './judgement.ts';
import type { PlannedTest } from './planned-tests.ts';
import { withoutUnnoticed } from './unnoticed.ts';

type Counted = Finding['counted'];
type Arm = Counted['new'];

export interface MetricTestState {
  readonly comparison: ComparisonState;
  readonly counted: Counted;
}

/** What one service did in one interval: of the judged revisions only, and of a sticky service only what has a bucket. */
export interface ServiceInterval {
  readonly epoch: EpochOrder;
  readonly rows: readonly CountedRow[];
  readonly durations: readonly DurationCount[];
  readonly newRevision: string;
  /** May durations be compared? Not where an instance of the new revision had more to do than one of the old. */
  readonly isTimed: boolean;
  /** Did every request say how long requests take? Not while an instance warms up. */
  readonly isWarm: boolean;
}

const nothing: Counted = { new: { requests: 0, events: 0 }, old: { requests: 0, events: 0 } };

/** One planned comparison under way: picks what it is about from what was counted. */
export class MetricTest {
  readonly plan: PlannedTest;
  readonly #comparison: Comparison;
  #counted: Counted;

  constructor(plan: PlannedTest, state: MetricTestState | null) {
    this.plan = plan;
    this.#comparison = new Comparison(plan, state?.comparison ?? null);
    this.#counted = state?.counted ?? nothing;
  }

  get state(): MetricTestState {
    return { comparison: this.#comparison.state, counted: this.#counted };
  }

  get counted(): Counted {
    return this.#counted;
  }

  get finding(): Finding {
    const { service, metric, threshold } = this.plan;
    return { service, metric, thresholdMs: threshold?.ms ?? null, counted: this.#counted, ...this.#comparison.now };
  }

  take(interval: ServiceInterval): void {
    if (!interval.isTimed && this.plan.metric !== 'failures') return;
    if (this.plan.kind === 'durations') return this.#takeDurations(interval);
    if (interval.rows.length === 0) return;
    const counted = countArms(
      interval,
      (row) => this.#eventsOf(row),
      (row) => this.#unitsOf(row),
    );
    if (this.plan.kind === 'requests') return this.takeCounts(counted);
    // Both arms wait: a bucket that has been at risk for longer is another risk than one that has just come.
    if (this.plan.threshold !== null && !interval.isWarm) return;
    this.#add(counted);
    const rows = interval.rows.map((row) => ({
      ...{ bucket: row.bucket, isNew: row.revision === interval.newRevision },
      ...{ requests: this.#unitsOf(row), hasEvent: this.#eventsOf(row) > 0 },
    }));
    this.#comparison.look({ kind: 'buckets', epoch: interval.epoch, rows });
  }

  takeCounts(counted: Counted): void {
    this.#add(counted);
    const { new: fresh, old } = counted;
    const counts = { newUnits: fresh.requests, newEvents: fresh.events, oldUnits: old.requests, oldEvents: old.events };
    this.#comparison.look({ kind: 'requests', counts });
  }

  #takeDurations({ durations, newRevision }: ServiceInterval): void {
    if (durations.length === 0) return;
    const arm = (isNew: boolean) =>
      withoutUnnoticed(durations.find(({ revision }) => (revision === newRevision) === isNew)?.counts ?? []);
    const interval = { kind: 'durations', fresh: arm(true), old: arm(false) } satisfies MetricInterval;
    const countOf = (bins: readonly number[]) => ({ requests: bins.reduce((sum, bin) => sum + bin, 0), events: 0 });
    this.#add({ new: countOf(interval.fresh), old: countOf(interval.old) });
    this.#comparison.look(interval);
  }

  #unitsOf(row: CountedRow): number {
    return this.plan.threshold === null ? row.requests : row.timed;
  }

  #eventsOf(row: CountedRow): number {
    const { threshold } = this.plan;
    return threshold === null ? row.failures : (row.late[threshold.index] ?? 0);
  }

  #add(counted: Counted): void {
    this.#counted = { new: sumOf(this.#counted.new, counted.new), old: sumOf(this.#counted.old, counted.old) };
  }
}

/** A request may pass its threshold in one interval and end in the next: units are never fewer than events. */
export function countArms(
  { rows, newRevision }: ServiceInterval,
  eventsOf: (row: CountedRow) => number,
  unitsOf: (row: CountedRow) => number,
): Counted {
  const arms = { new: { requests: 0, events: 0 }, old: { requests: 0, events: 0 } };
  for (const row of rows) {
    const arm = row.revision === newRevision ? arms.new : arms.old;
    arm.requests += unitsOf(row);
    arm.events += eventsOf(row);
  }
  const whole = ({ requests, events }: Arm): Arm => ({ requests: Math.max(requests, events), events });
  return { new: whole(arms.new), old: whole(arms.old) };
}

function sumOf(a: Arm, b: Arm): Arm {
  return { requests: a.requests + b.requests, events: a.events + b.events };
}
