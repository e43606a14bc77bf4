import { queryOptions } from '@tanstack/react-query';
import { ask } from './parse-answers.ts';
import { keys } from './query-keys.ts';

/** How far back the control plane keeps what users asked, in milliseconds. */
export const longestSeriesMs = 7_200_000;
const shortestSeriesMs = 10_000;

export const journalLength = { overview: 60, page: 100 } as const;

export const meQuery = queryOptions({
  queryKey: keys.me,
  queryFn: ({ signal }) => ask('GET /me', { signal }),
});

/** Ids of people are everywhere, their names only here. */
export const peopleQuery = queryOptions({
  queryKey: keys.people,
  queryFn: ({ signal }) => ask('GET /people', { signal }),
});

export const appsQuery = queryOptions({
  queryKey: keys.apps,
  queryFn: ({ signal }) => ask('GET /apps', { signal }),
});

export function environmentsQuery(app: string) {
  return queryOptions({
    queryKey: keys.environments(app),
    queryFn: ({ signal }) => ask('GET /apps/:app/environments', { path: { app }, signal }),
  });
}

/** Certificates of all that one may see; what is shown of an app is asked anew with it. */
export function certificatesQuery(app: string) {
  return queryOptions({
    queryKey: keys.certificates(app),
    queryFn: ({ signal }) => ask('GET /certificates', { signal }),
    staleTime: 60_000,
  });
}

export function releasesQuery(app: string) {
  return queryOptions({
    queryKey: keys.releases(app),
    queryFn: ({ signal }) => ask('GET /apps/:app/releases', { path: { app }, signal }),
  });
}

export function rolloutsQuery(app: string) {
  return queryOptions({
    queryKey: keys.rollouts(app),
    queryFn: ({ signal }) => ask('GET /apps/:app/rollouts', { path: { app }, signal }),
  });
}

export function rolloutQuery(app: string, rollout: string) {
  return queryOptions({
    queryKey: keys.rollout(app, rollout),
    queryFn: ({ signal }) => ask('GET /apps/:app/rollouts/:rollout', { path: { app, rollout }, signal }),
  });
}

/** What users asked of a service since a moment; the stream tells of each bucket while a rollout is under way. */
export function seriesQuery(
  { app, environment }: { readonly app: string; readonly environment: string },
  service: string,
  since: number,
) {
  return queryOptions({
    queryKey: keys.series(app, environment, service, since),
    queryFn: ({ signal }) => {
      const forMs = Math.ceil(Math.max(shortestSeriesMs, Math.min(longestSeriesMs, Date.now() - since)));
      const query = { service, forMs };
      return ask('GET /apps/:app/environments/:environment/series', { path: { app, environment }, query, signal });
    },
  });
}

/** The latest events, `environment` null: of all environments. */
export function journalQuery(app: string, environment: string | null, limit: number) {
  return queryOptions({
    queryKey: keys.journal(app, environment, limit),
    queryFn: ({ signal }) =>
      ask('GET /apps/:app/journal', {
        path: { app },
        query: { latest: 'true', limit, ...(environment === null ? {} : { environment }) },
        signal,
      }),
  });
}

export interface PlanWish {
  readonly release?: string;
  readonly rollback?: boolean;
}

/** A compiled rollout; nothing is touched. Asked again each time: what it says is about now. */
export function planQuery(app: string, environment: string, wish: PlanWish) {
  return queryOptions({
    queryKey: keys.plan(app, environment, wish),
    queryFn: ({ signal }) =>
      ask('POST /apps/:app/environments/:environment/plan', { path: { app, environment }, json: wish, signal }),
    gcTime: 0,
    staleTime: 0,
    retry: false,
  });
}
