import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { jobsQuery } from '../api/settings-queries.ts';
import { InEnvironment } from '../parts/in-environment.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { JobCard } from './job-card.tsx';
import { HandRuns } from './hand-runs.tsx';
import { CancelJobDialog, RunJobDialog, type JobWish } from './job-dialogs.tsx';

interface JobsPageProps {
  readonly app: string;
  readonly wanted: string | null;
}

/** Jobs of what serves: when each runs next, how the last runs went, a button that runs one now, and what was started by hand. */
export function JobsPage({ app, wanted }: JobsPageProps) {
  return (
    <InEnvironment app={app} page="jobs" wanted={wanted}>
      {({ environment }) => <Jobs key={environment} place={{ app, environment }} />}
    </InEnvironment>
  );
}

function Jobs({ place }: { readonly place: { readonly app: string; readonly environment: string } }) {
  const { t } = useTranslation();
  const query = useQuery(jobsQuery(place));
  const [wish, setWish] = useState<JobWish | null>(null);
  /** Runs that were started on this page, by job: their last lines are shown at once. */
  const [byHand, setByHand] = useState<Readonly<Record<string, string>>>({});
  const close = () => setWish(null);
  return (
    <>
      <Loaded query={query} skeleton={<Skeleton lines={9} />}>
        {(jobs) =>
          jobs.length === 0 ? (
            <section className="empty">
              <h2>{t('jobs.empty')}</h2>
              <p>{t('jobs.emptyHint')}</p>
            </section>
          ) : (
            <ul className="cards">
              {jobs.map((job) => (
                <JobCard key={job.job} job={job} place={place} runByHand={byHand[job.job] ?? null} onWish={setWish} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <HandRuns place={place} onWish={setWish} />
      {wish?.kind === 'run' ? (
        <RunJobDialog
          place={place}
          job={wish.job}
          onStarted={(key) => setByHand({ ...byHand, [wish.job.job]: key })}
          onClose={close}
        />
      ) : null}
      {wish?.kind === 'cancel' ? <CancelJobDialog place={place} run={wish.run} job={wish.job} onClose={close} /> : null}
    </>
  );
}
