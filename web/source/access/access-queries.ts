import { queryOptions } from '@tanstack/react-query';
import { ask } from '../api/parse-answers.ts';
import { keys } from '../api/query-keys.ts';

/** How I sign in, and where I am signed in. */
export const ownAccessQuery = queryOptions({
  queryKey: keys.ownAccess,
  queryFn: ({ signal }) => ask('GET /me/access', { signal }),
});

export const tokensQuery = queryOptions({
  queryKey: keys.tokens,
  queryFn: ({ signal }) => ask('GET /tokens', { signal }),
});

export const pipelinesQuery = queryOptions({
  queryKey: keys.pipelines,
  queryFn: ({ signal }) => ask('GET /oidc/rules', { signal }),
});
