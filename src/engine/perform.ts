import type { Scope } from '../core/ids.ts';
import type { EnvironmentState, SlotOrder } from '../rollout/environment-state.ts';
import type { Effect } from '../rollout/plan.ts';
import { jobOrder, stepJob, type WantedJob } from './orders.ts';
import type { EngineParts } from './parts.ts';
import type { Reconciler } from './reconcile.ts';

/** What performing needs of its environment. */
export interface Performing {
  readonly parts: EngineParts;
  readonly scope: Scope;
  readonly reconciler: Reconciler;
  readonly state: EnvironmentState;
  /** Looks at the slots, unless that was done right before. */
  readonly look: () => Promise<void>;
}

/**
 * Effect → port call. Effects are levels that the environment's state already holds, so performing means handing the
 * state's rows to the ports; it may be repeated at any point.
 */
export async function perform(
  { parts, scope, reconciler, state, look }: Performing,
  effects: readonly Effect[],
): Promise<void> {
  for (const effect of effects) {
    parts.atPoint(`before ${effect.kind}`);
    switch (effect.kind) {
      case 'ensure':
      case 'claim':
        await reconciler.order(orderOf(state, effect));
        break;
      case 'route':
        await look();
        await reconciler.publish(state);
        break;
      case 'job':
        // The target's pinned listener must be there before the job asks it.
        await reconciler.look();
        await reconciler.publish(state);
        await startJob(parts, scope, await stepJob(parts.bindings, scope, effect));
        break;
    }
  }
}

/** Also for jobs that no rollout ordered. */
export async function startJob(parts: EngineParts, scope: Scope, wanted: WantedJob): Promise<void> {
  await parts.target.startJob(await jobOrder(parts.bindings, scope, wanted));
}

function orderOf(state: EnvironmentState, effect: Extract<Effect, { kind: 'ensure' | 'claim' }>): SlotOrder {
  const { revision, service } = effect;
  const known = state.orders.find((order) => order.revision === revision && order.service === service);
  return known ?? { revision, service, slots: 0, claim: null };
}
