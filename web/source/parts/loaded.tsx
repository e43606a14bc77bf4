import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { isSilence } from '../api/api-error.ts';
import { useLive } from '../shell/live-provider.tsx';
import { ProblemNotice } from './problem-notice.tsx';

interface LoadedProps<Data> {
  readonly query: UseQueryResult<Data>;
  readonly skeleton: ReactNode;
  readonly children: (data: Data) => ReactNode;
}

/**
 * What was loaded, once it is there. When it cannot be asked again, the last answer stays, under a notice; that nobody
 * answers is said once, by the banner of lost updates, while there is one.
 */
export function Loaded<Data>({ query, skeleton, children }: LoadedProps<Data>) {
  const { error, data } = query;
  const isLost = useLive().state.kind === 'lost';
  const notice = error === null ? null : <ProblemNotice error={error} onRetry={() => void query.refetch()} />;
  if (data === undefined) return notice ?? skeleton;
  return (
    <>
      {isLost && isSilence(error) ? null : notice}
      {children(data)}
    </>
  );
}
