import { QueryCache, QueryClient } from '@tanstack/react-query';
import { problemOf } from './api-error.ts';
import { keys } from './query-keys.ts';

const mostRetries = 3;

/** What is shown is fresh until a change says otherwise: there is no polling. */
export function createQueryClient(): QueryClient {
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError(error, query) {
        const isAboutMe = query.queryKey[0] === keys.me[0];
        if (problemOf(error).status === 401 && !isAboutMe) void queries.invalidateQueries({ queryKey: keys.me });
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: Infinity,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        networkMode: 'always',
        retry: (failures, error) => problemOf(error).retriable && failures < mostRetries,
        retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 4_000),
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
  return queries;
}
