import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { addressOf } from '../api/call-api.ts';
import type { LogWish } from './logs-address.ts';
import { LogTail, type TailView } from './log-tail.ts';

interface Place {
  readonly app: string;
  readonly environment: string;
}

/** A tail as long as it is shown; another one for another wish. */
export function useLogTail({ app, environment }: Place, { service, revision, job }: LogWish): [LogTail, TailView] {
  const tail = useMemo(() => {
    const narrowed = {
      ...(service === undefined ? {} : { service }),
      ...(revision === undefined ? {} : { revision }),
      ...(job === undefined ? {} : { job }),
    };
    return new LogTail((last) => {
      const query = { ...narrowed, last, follow: 'true' };
      return addressOf('GET /apps/:app/environments/:environment/logs', { path: { app, environment }, query }).address;
    });
  }, [app, environment, service, revision, job]);
  useEffect(() => {
    void tail.follow();
    return () => tail.stop();
  }, [tail]);
  return [tail, useSyncExternalStore(tail.subscribe, tail.view)];
}
