import { RefreshCw, TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { isSilence, problemOf } from '../api/api-error.ts';
import { CodeText } from './code-text.tsx';

interface ProblemNoticeProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
}

/** An error in the words of the server: what was wrong, what to do, and the lines that belong to it. */
export function ProblemNotice({ error, onRetry }: ProblemNoticeProps) {
  const { t } = useTranslation();
  const { message, hint, details } = problemOf(error);
  const isSilent = isSilence(error);
  const advice = isSilent ? t('state.unreachableHint') : hint;
  return (
    <div className="notice" data-tone="bad" role="alert">
      <p className="notice-title">
        <TriangleAlert aria-hidden="true" />
        {isSilent ? t('state.unreachable') : message}
      </p>
      {advice === null ? null : (
        <p>
          <CodeText text={advice} />
        </p>
      )}
      {details.length === 0 ? null : (
        <ul className="notice-details">
          {details.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      {onRetry === undefined ? null : (
        <button type="button" className="button" onClick={onRetry}>
          <RefreshCw aria-hidden="true" />
          {t('state.tryAgain')}
        </button>
      )}
    </div>
  );
}
