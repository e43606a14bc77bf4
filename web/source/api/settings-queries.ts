import { queryOptions } from '@tanstack/react-query';
import { ask } from './parse-answers.ts';
import { keys } from './query-keys.ts';

/** What an environment runs with beside its release, and what is kept of it. */
interface Place {
  readonly app: string;
  readonly environment: string;
}

export function configQuery({ app, environment }: Place) {
  return queryOptions({
    queryKey: keys.setting(app, environment, 'config'),
    queryFn: ({ signal }) =>
      ask('GET /apps/:app/environments/:environment/config', { path: { app, environment }, signal }),
  });
}

export function configHistoryQuery({ app, environment }: Place) {
  return queryOptions({
    queryKey: keys.setting(app, environment, 'config-history'),
    queryFn: ({ signal }) =>
      ask('GET /apps/:app/environments/:environment/config/history', { path: { app, environment }, signal }),
  });
}

/** `from` and `to`: an environment, or a revision as it was frozen. */
export function compareConfigQuery(app: string, from: string, to: string) {
  return queryOptions({
    queryKey: [...keys.settings(app), 'compare', from, to],
    queryFn: ({ signal }) => ask('GET /apps/:app/config/diff', { path: { app }, query: { from, to }, signal }),
  });
}

export function secretsQuery({ app, environment }: Place) {
  return queryOptions({
    queryKey: keys.setting(app, environment, 'secrets'),
    queryFn: ({ signal }) =>
      ask('GET /apps/:app/environments/:environment/secrets', { path: { app, environment }, signal }),
  });
}

export function flagsQuery({ app, environment }: Place) {
  return queryOptions({
    queryKey: keys.setting(app, environment, 'flags'),
    queryFn: ({ signal }) =>
      ask('GET /apps/:app/environments/:environment/flags', { path: { app, environment }, signal }),
  });
}

/** A flag with all that was said about it. */
export function flagQuery({ app, environment }: Place, flag: string) {
  return queryOptions({
    queryKey: keys.setting(app, environment, 'flag', flag),
    queryFn: ({ signal }) =>
      ask('GET /apps/:app/environments/:environment/flags/:flag', { path: { app, environment, flag }, signal }),
  });
}

export function flagKeysQuery({ app, environment }: Place) {
  return queryOptions({
    queryKey: keys.setting(app, environment, 'flag-keys'),
    queryFn: ({ signal }) =>
      ask('GET /apps/:app/environments/:environment/flag-keys', { path: { app, environment }, signal }),
  });
}

export function jobsQuery({ app, environment }: Place) {
  return queryOptions({
    queryKey: keys.setting(app, environment, 'jobs'),
    queryFn: ({ signal }) =>
      ask('GET /apps/:app/environments/:environment/jobs', { path: { app, environment }, signal }),
  });
}

/** What somebody has started. */
export function handRunsQuery({ app, environment }: Place) {
  return queryOptions({
    queryKey: keys.setting(app, environment, 'hand-runs'),
    queryFn: ({ signal }) =>
      ask('GET /apps/:app/environments/:environment/jobs-by-hand', { path: { app, environment }, signal }),
  });
}

/** A run by its key. */
export function jobRunQuery({ app, environment }: Place, job: string) {
  return queryOptions({
    queryKey: keys.setting(app, environment, 'job-run', job),
    queryFn: ({ signal }) =>
      ask('GET /apps/:app/environments/:environment/jobs/:job', { path: { app, environment, job }, signal }),
  });
}

export function notificationsQuery({ app, environment }: Place) {
  return queryOptions({
    queryKey: keys.setting(app, environment, 'notifications'),
    queryFn: ({ signal }) =>
      ask('GET /apps/:app/environments/:environment/notifications', { path: { app, environment }, signal }),
  });
}

/** All that speaks for a release here. */
export function evidenceQuery({ app, environment }: Place, release: string) {
  return queryOptions({
    queryKey: keys.setting(app, environment, 'evidence', release),
    queryFn: ({ signal }) =>
      ask('GET /apps/:app/environments/:environment/evidence', {
        path: { app, environment },
        query: { release },
        signal,
      }),
  });
}

/** What people sign before a release comes here, and who has signed what. */
export function checklistsQuery({ app, environment }: Place, release: string) {
  return queryOptions({
    queryKey: keys.setting(app, environment, 'checklists', release),
    queryFn: ({ signal }) =>
      ask('GET /apps/:app/environments/:environment/checklists', {
        path: { app, environment },
        query: { release },
        signal,
      }),
  });
}

/** Every chain of the journal, verified. It reads all of it, so it is asked for by hand only. */
export const journalCheckQuery = queryOptions({
  queryKey: keys.journalCheck,
  queryFn: ({ signal }) => ask('GET /journal/check', { signal }),
  enabled: false,
  gcTime: 0,
});
