import { useQuery } from '@tanstack/react-query';
import { CircleCheck, Link2, TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { JournalCheckView } from '../../../src/capabilities/releases/releases-api.ts';
import { journalCheckQuery } from '../api/settings-queries.ts';
import { formatCount } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { Chip } from '../parts/chip.tsx';
import { CodeText } from '../parts/code-text.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';

/** Verifies every chain when it is asked to, and says what it found. */
export function useJournalCheck() {
  return useQuery(journalCheckQuery);
}

type Check = ReturnType<typeof useJournalCheck>;

export function CheckButton({ check }: { readonly check: Check }) {
  const { t } = useTranslation();
  return (
    <button type="button" className="button" disabled={check.isFetching} onClick={() => void check.refetch()}>
      <Link2 aria-hidden="true" />
      {t(check.isFetching ? 'journal.checking' : 'journal.check')}
    </button>
  );
}

export function CheckResult({ check }: { readonly check: Check }) {
  if (check.error !== null) return <ProblemNotice error={check.error} />;
  return check.data === undefined ? null : <Verdict verdict={check.data} />;
}

function Verdict({ verdict }: { readonly verdict: JournalCheckView }) {
  const { t } = useTranslation();
  const language = useLocale();
  const { ok, chains, advice } = verdict;
  return (
    <section className="notice" data-tone={ok ? 'good' : 'bad'} aria-live="polite">
      <p className="notice-title">
        {ok ? <CircleCheck aria-hidden="true" /> : <TriangleAlert aria-hidden="true" />}
        {t(ok ? 'journal.whole' : 'journal.damaged')}
      </p>
      {advice === null ? null : (
        <p>
          <CodeText text={advice} />
        </p>
      )}
      <ul className="chains">
        {chains.map(({ chain, events, problem }) => (
          <li key={chain}>
            <code>{chain}</code>
            {problem === null ? (
              <Chip tone="good" icon={CircleCheck}>
                {t('journal.verified', { count: events, number: formatCount(events, language) })}
              </Chip>
            ) : (
              <span className="row-problem">{problem}</span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
