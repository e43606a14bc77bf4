import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ProblemNotice } from './problem-notice.tsx';

interface LoadedProps<Data> {
  readonly query: UseQueryResult<Data>;
  readonly skeleton: ReactNode;
  readonly children: (data: Data) => ReactNode;
}

/** What was loaded, once it is there. When it cannot be asked again, the last answer stays, under a notice. */
export function Loaded<Data>({ query, skeleton, children }: LoadedProps<Data>) {
  const notice =
    query.error === null ? null : <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />;
  if (query.data !== undefined) {
    return (
      <>
        {notice}
        {children(query.data)}
      </>
    );
  }
  return notice ?? skeleton;
}
