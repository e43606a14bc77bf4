import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/api-error.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';

/** What the server says is shown in its words; what the device says is for programmers. */
export function PasskeyProblem({ error }: { readonly error: unknown }) {
  const { t } = useTranslation();
  if (error instanceof ApiError) return <ProblemNotice error={error} />;
  return (
    <p className="access-hint" role="alert">
      {t('access.account.cancelled')}
    </p>
  );
}
