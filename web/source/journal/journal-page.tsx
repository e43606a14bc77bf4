import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { environmentsQuery, journalLength, journalQuery } from '../api/queries.ts';
import { orderEnvironments } from '../overview/order-environments.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { EventList } from './event-list.tsx';

const mostEvents = 1_000;

/** The end of the journal, newest first. */
export function JournalPage({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const [environment, setEnvironment] = useState<string | null>(null);
  const [limit, setLimit] = useState<number>(journalLength.page);
  const events = useQuery({
    ...journalQuery(app, environment, limit),
    placeholderData: (before) => (environment === null ? before : undefined),
  });
  return (
    <>
      <header className="page-head">
        <h1>{t('journal.title')}</h1>
        <p className="quiet">{t('journal.intro')}</p>
        <EnvironmentChoice app={app} chosen={environment} onChoose={setEnvironment} />
      </header>
      <Loaded query={events} skeleton={<Skeleton lines={12} />}>
        {(list) => (
          <>
            <EventList app={app} events={list} isCompact={false} />
            {list.length < limit || limit >= mostEvents ? null : (
              <button type="button" className="button" onClick={() => setLimit(Math.min(mostEvents, limit * 3))}>
                {t('journal.more')}
              </button>
            )}
          </>
        )}
      </Loaded>
    </>
  );
}

interface EnvironmentChoiceProps {
  readonly app: string;
  readonly chosen: string | null;
  readonly onChoose: (environment: string | null) => void;
}

function EnvironmentChoice({ app, chosen, onChoose }: EnvironmentChoiceProps) {
  const { t } = useTranslation();
  const environments = orderEnvironments(useQuery(environmentsQuery(app)).data ?? []);
  const choices = [null, ...environments.map((each) => each.environment)];
  return (
    <fieldset className="segments" aria-label={t('journal.environment')}>
      {choices.map((choice) => (
        <button key={choice ?? ''} type="button" aria-pressed={choice === chosen} onClick={() => onChoose(choice)}>
          {choice ?? t('journal.all')}
        </button>
      ))}
    </fieldset>
  );
}
