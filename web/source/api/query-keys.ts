import type { PlanWish } from './queries.ts';

/** Names of what the page keeps. All of an app lies under `['app', app]`. */
export const keys = {
  me: ['me'] as const,
  people: ['people'] as const,
  apps: ['apps'] as const,
  ownAccess: ['access', 'own'] as const,
  tokens: ['access', 'tokens'] as const,
  pipelines: ['access', 'pipelines'] as const,
  app: (app: string) => ['app', app] as const,
  environments: (app: string) => ['app', app, 'environments'] as const,
  releases: (app: string) => ['app', app, 'releases'] as const,
  rollouts: (app: string) => ['app', app, 'rollouts'] as const,
  rollout: (app: string, rollout: string) => ['app', app, 'rollout', rollout] as const,
  allRollouts: (app: string) => ['app', app, 'rollout'] as const,
  certificates: (app: string) => ['app', app, 'settings', 'certificates'] as const,
  series: (app: string, environment: string, service: string, since: number) =>
    ['app', app, 'series', environment, service, since] as const,
  allSeries: (app: string) => ['app', app, 'series'] as const,
  journal: (app: string, environment: string | null, limit: number) =>
    ['app', app, 'journal', environment, limit] as const,
  allJournals: (app: string) => ['app', app, 'journal'] as const,
  journalCheck: ['journal-check'] as const,
  /** All that an environment runs with beside its release, and what is kept of it. */
  settings: (app: string) => ['app', app, 'settings'] as const,
  setting: (app: string, environment: string, ...what: readonly string[]) =>
    ['app', app, 'settings', environment, ...what] as const,
  plan: (app: string, environment: string, wish: PlanWish) => ['app', app, 'plan', environment, wish] as const,
};
