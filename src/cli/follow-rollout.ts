import type { RolloutView } from '../capabilities/releases/releases-api.ts';
import { toLotseError } from '../core/errors.ts';
import { ChangeFeed } from './change-feed.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Output } from './output.ts';
import { displayFor, type RolloutDisplay } from './rollout-display.ts';
import { standingOf, type Standing, type Until } from './rollout-standing.ts';

export interface FollowWishes {
  readonly plane: ControlPlane;
  readonly out: Output;
  readonly until: Until;
  /** Goes on following while it waits at a gate or is paused. */
  readonly waits: boolean;
  /** Aborted: the follower leaves; the rollout goes on. */
  readonly signal: AbortSignal;
  /** How long a gate must stay shut before that counts as how it stands. */
  readonly gateGraceMs?: number;
}

export interface Followed {
  readonly rollout: RolloutView;
  readonly standing: Standing;
  /** The follower was asked to leave before it was satisfied. */
  readonly isDetached: boolean;
}

/** The control plane may be away that long, to be restarted for instance, before a follower gives up. */
const patienceMs = 120_000;

/** Follows a rollout until it is where the follower wants it, or cannot get there without a person. */
export async function followRollout(first: RolloutView, wishes: FollowWishes): Promise<Followed> {
  const { plane, out, signal } = wishes;
  const display = displayFor(out);
  const feed = new ChangeFeed(plane, (change) => (change.environment ?? first.environment) === first.environment);
  const stands = new StandsStill(wishes);
  let rollout = first;
  try {
    while (true) {
      display.show(rollout);
      const standing = standingOf(rollout, wishes.until);
      if (stands.isFinal(standing)) return { rollout, standing, isDetached: false };
      await feed.next(signal);
      if (signal.aborted) return { rollout, standing, isDetached: true };
      rollout = await askAgain(rollout, wishes, display);
    }
  } finally {
    display.close();
    await feed.close();
  }
}

/** Tells a gate that opens by itself in a moment from one that needs somebody. */
class StandsStill {
  readonly #wishes: FollowWishes;
  #sinceMs: number | null = null;

  constructor(wishes: FollowWishes) {
    this.#wishes = wishes;
  }

  isFinal(standing: Standing): boolean {
    if (standing.kind === 'under-way') this.#sinceMs = null;
    if (standing.kind === 'under-way') return false;
    if (standing.kind !== 'waiting' && standing.kind !== 'paused') return true;
    this.#sinceMs ??= performance.now();
    return !this.#wishes.waits && performance.now() - this.#sinceMs >= (this.#wishes.gateGraceMs ?? 2500);
  }
}

/** The rollout as it is now; while nobody answers, as it was. */
async function askAgain(rollout: RolloutView, wishes: FollowWishes, display: RolloutDisplay): Promise<RolloutView> {
  const { plane, out, signal } = wishes;
  const startedMs = performance.now();
  let hasSaid = false;
  while (true) {
    try {
      const now = await plane.rollout(rollout.id, signal);
      if (hasSaid) display.remark(out.paint('The control plane answers again.', 'dim'));
      return now;
    } catch (thrown) {
      if (signal.aborted) return rollout;
      const error = toLotseError(thrown);
      if (!error.retriable || performance.now() - startedMs > patienceMs) throw error;
      if (!hasSaid) display.remark(`${out.paint(out.symbols.warning, 'yellow')} ${error.message}. Trying again…`);
      hasSaid = true;
    }
  }
}
