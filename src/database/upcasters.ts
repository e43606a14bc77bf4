import { z } from 'zod';
import type { Upcaster } from './upcast.ts';

/**
 * All upcasters, in any order. Whoever changes the payload of an event type raises its `version` and adds the way from
 * the old one here; the journals in test/fixtures/journals show that every event ever written can still be read.
 */
export const upcasters: readonly Upcaster[] = [
  { type: 'rollout-planned', from: 1, up: withoutJudge },
  { type: 'token-created', from: 1, up: withEnvironments },
  { type: 'person-signed-in', from: 1, up: withWay },
];

const planned = z.looseObject({ plan: z.looseObject({ steps: z.array(z.looseObject({})) }) });

/** Before there was a judge, nothing was judged. */
function withoutJudge(payload: unknown): unknown {
  const { plan, ...more } = planned.parse(payload);
  const steps = plan.steps.map((step) => ({ isJudged: false, ...step }));
  return { ...more, plan: { judge: null, ...plan, steps } };
}

const boundToken = z.looseObject({ environment: z.string().nullable() });

/** A token was for one environment, or for all. */
function withEnvironments(payload: unknown): unknown {
  const { environment, ...more } = boundToken.parse(payload);
  return { ...more, environments: environment === null ? null : [environment] };
}

const signedIn = z.looseObject({});

/** There were links only. */
function withWay(payload: unknown): unknown {
  return { way: 'link', ...signedIn.parse(payload) };
}
