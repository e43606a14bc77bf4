import type { MeView, PersonView } from '../../../src/capabilities/accounts/accounts-api.ts';
import type {
  AppView,
  EnvironmentViewModel,
  JournalEventView,
  PlanView,
  ReleaseView,
  RolloutView,
} from '../../../src/capabilities/releases/releases-api.ts';
import { callApi, type ApiRoute, type CallOptions } from './call-api.ts';

/** What each route that the page asks answers with. The server checks its answers against the same shapes. */
interface Answers {
  readonly 'GET /me': MeView;
  readonly 'GET /people': readonly PersonView[];
  readonly 'GET /apps': readonly AppView[];
  readonly 'GET /apps/:app/environments': readonly EnvironmentViewModel[];
  readonly 'GET /apps/:app/releases': readonly ReleaseView[];
  readonly 'GET /apps/:app/rollouts': readonly RolloutView[];
  readonly 'GET /apps/:app/rollouts/:rollout': RolloutView;
  readonly 'GET /apps/:app/journal': readonly JournalEventView[];
  readonly 'POST /apps/:app/environments/:environment/plan': PlanView;
}

/** Answers the body in the shape of its route. Throws ApiError. */
export async function ask<Route extends keyof Answers & ApiRoute>(
  route: Route,
  options: CallOptions = {},
): Promise<Answers[Route]> {
  const answer = await callApi(route, options);
  return answer as Answers[Route];
}

/** The id in the answer to a started rollout; null when there is none. */
export function rolloutIdOf(answer: unknown): string | null {
  if (typeof answer !== 'object' || answer === null || !('id' in answer)) return null;
  return typeof answer.id === 'string' ? answer.id : null;
}
