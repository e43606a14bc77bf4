import { queryOptions } from '@tanstack/react-query';
import { ask } from '../api/parse-answers.ts';
import { keys } from '../api/query-keys.ts';

/** Runs for a release, the latest first. Each change of one is an event, after which all of the app's settings are asked anew. */
export function pipelinesOfRelease(app: string, release: string) {
  return queryOptions({
    queryKey: [...keys.settings(app), 'pipelines', release],
    queryFn: ({ signal }) => ask('GET /apps/:app/pipelines', { path: { app }, query: { release }, signal }),
  });
}
