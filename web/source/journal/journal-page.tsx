import { useQuery } from '@tanstack/react-query';
import { Pause, Play } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { JournalEventView } from '../../../src/capabilities/releases/releases-api.ts';
import { journalLength, journalQuery } from '../api/queries.ts';
import { Loaded } from '../parts/loaded.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { usePersonName } from '../parts/use-person-name.ts';
import { EventList } from './event-list.tsx';
import { ExportButton } from './export-button.tsx';
import { filterEvents } from './filter-events.ts';
import { CheckButton, CheckResult, useJournalCheck } from './journal-check.tsx';
import { JournalFilters, type JournalWish } from './journal-filters.tsx';
import { useOlderEvents } from './use-older-events.ts';

/** The journal from its end: filter it, search it, follow it, verify it, take it along. */
export function JournalPage({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const [wish, setWish] = useState<JournalWish>({ environment: null, kind: 'all', search: '' });
  const check = useJournalCheck();
  const query = useQuery(journalQuery(app, wish.environment, journalLength.page));
  const cuts = useCuts(query.data ?? []);
  return (
    <>
      <header className="page-head page-head-wide">
        <div>
          <h1>{t('journal.title')}</h1>
          <p className="quiet">{t('journal.intro')}</p>
        </div>
        <div className="buttons">
          <CheckButton check={check} />
          <ExportButton app={app} environment={wish.environment} />
        </div>
      </header>
      <CheckResult check={check} />
      <JournalFilters app={app} wish={wish} onChange={setWish} />
      <Loaded query={query} skeleton={<Skeleton lines={12} />}>
        {(latest) => <Events key={`${wish.environment ?? ''}/${cuts}`} app={app} wish={wish} latest={latest} />}
      </Loaded>
    </>
  );
}

/** How often so much has happened at once that the latest events no longer reach back to those before. */
function useCuts(latest: readonly JournalEventView[]): number {
  const [seen, setSeen] = useState({ newest: 0, cuts: 0 });
  const first = latest[0]?.position ?? 0;
  const newest = Math.max(seen.newest, latest.at(-1)?.position ?? 0);
  const isCut = seen.newest > 0 && first > seen.newest;
  const cuts = isCut ? seen.cuts + 1 : seen.cuts;
  if (newest !== seen.newest || isCut) setSeen({ newest, cuts });
  return cuts;
}

interface EventsProps {
  readonly app: string;
  readonly wish: JournalWish;
  /** Kept up to date by the stream; oldest first. */
  readonly latest: readonly JournalEventView[];
}

function Events({ app, wish, latest }: EventsProps) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const kept = useKept(latest);
  /** Null: it is followed; else the newest that was there when it was stopped. */
  const [stoppedAt, setStoppedAt] = useState<number | null>(null);
  const [firstPosition] = useState(latest[0]?.position ?? 1);
  const { older, hasMore, load } = useOlderEvents(app, wish.environment, firstPosition);
  const all = [...older, ...kept];
  const newest = all.at(-1)?.position ?? 0;
  const shown = stoppedAt === null ? all : all.filter(({ position }) => position <= stoppedAt);
  const search = useDeferredValue(wish.search);
  const found = filterEvents(shown, wish.kind, search, nameOf);
  return (
    <>
      <Follow
        isStopped={stoppedAt !== null}
        newCount={all.length - shown.length}
        onStop={setStoppedAt}
        newest={newest}
      />
      {found.length === 0 && shown.length > 0 ? <p className="quiet">{t('journal.noneFound')}</p> : null}
      {found.length === 0 && shown.length > 0 ? null : <EventList app={app} events={found} isCompact={false} />}
      {load.error === null ? null : <ProblemNotice error={load.error} />}
      {hasMore ? (
        <button type="button" className="button more-events" disabled={load.isPending} onClick={() => load.mutate()}>
          {t(load.isPending ? 'state.loading' : 'journal.more')}
        </button>
      ) : null}
    </>
  );
}

/** All that were the latest while the page was open, oldest first. */
function useKept(latest: readonly JournalEventView[]): readonly JournalEventView[] {
  const [kept, setKept] = useState<readonly JournalEventView[]>(latest);
  const last = kept.at(-1)?.position ?? 0;
  const fresh = latest.filter(({ position }) => position > last);
  if (fresh.length === 0) return kept;
  const all = [...kept, ...fresh];
  setKept(all);
  return all;
}

interface FollowProps {
  readonly isStopped: boolean;
  readonly newCount: number;
  readonly newest: number;
  readonly onStop: (at: number | null) => void;
}

/** New events come in at the top, unless somebody wants to read in peace. */
function Follow({ isStopped, newCount, newest, onStop }: FollowProps) {
  const { t } = useTranslation();
  return (
    <p className="journal-follow">
      <button type="button" className="button" onClick={() => onStop(isStopped ? null : newest)}>
        {isStopped ? <Play aria-hidden="true" /> : <Pause aria-hidden="true" />}
        {t(isStopped ? 'journal.follow' : 'journal.stop')}
      </button>
      <output className="quiet">{newCount > 0 ? t('journal.newEvents', { count: newCount }) : ''}</output>
    </p>
  );
}
