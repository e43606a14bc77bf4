import type { PlanWish } from './queries.ts';

/** Names of what the page keeps. All of an app lies under `['app', app]`. */
export const keys = {
  me: ['me'] as const,
  people: ['people'] as const,
  apps: ['apps'] as const,
  app: (app: string) => ['app', app] as const,
  environments: (app: string) => ['app', app, 'environments'] as const,
  releases: (app: string) => ['app', app, 'releases'] as const,
  rollouts: (app: string) => ['app', app, 'rollouts'] as const,
  rollout: (app: string, rollout: string) => ['app', app, 'rollout', rollout] as const,
  allRollouts: (app: string) => ['app', app, 'rollout'] as const,
  journal: (app: string, environment: string | null, limit: number) =>
    ['app', app, 'journal', environment, limit] as const,
  allJournals: (app: string) => ['app', app, 'journal'] as const,
  plan: (app: string, environment: string, wish: PlanWish) => ['app', app, 'plan', environment, wish] as const,
};
