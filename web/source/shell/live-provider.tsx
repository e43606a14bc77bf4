import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from 'react';
import { affectedKeys } from '../api/affected-keys.ts';
import { addressOf } from '../api/call-api.ts';
import { LiveUpdates, type LiveState } from '../api/live-updates.ts';
import { meQuery } from '../api/queries.ts';
import { keys } from '../api/query-keys.ts';

interface Live {
  readonly state: LiveState;
  readonly connectNow: () => void;
}

const LiveContext = createContext<Live>({ state: { kind: 'connecting' }, connectNow: () => undefined });

/** Holds the one stream of changes while somebody is signed in, and has what they affect asked for again. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const queries = useQueryClient();
  const me = useQuery(meQuery);
  const isSignedIn = me.data !== undefined;
  const [updates] = useState(() => createUpdates(queries));
  useEffect(() => {
    if (!isSignedIn) return undefined;
    updates.start();
    return () => updates.stop();
  }, [updates, isSignedIn]);
  const state = useSyncExternalStore(updates.subscribe, updates.state);
  const live = useMemo(() => ({ state, connectNow: updates.connect }), [state, updates]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  return useContext(LiveContext);
}

function createUpdates(queries: QueryClient): LiveUpdates {
  const refresh = (queryKey: readonly unknown[]) => void queries.invalidateQueries({ queryKey });
  return new LiveUpdates({
    address: addressOf('GET /events').address,
    onNews: (news) => affectedKeys(news).forEach(refresh),
    onGap: () => refresh([]),
    onLost: () => refresh(keys.me),
  });
}
