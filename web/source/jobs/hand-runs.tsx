import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { JobByHandView } from '../../../src/capabilities/releases/releases-api.ts';
import { handRunsQuery } from '../api/settings-queries.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Moment } from '../parts/moment.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { usePersonName } from '../parts/use-person-name.ts';
import type { JobWish } from './job-dialogs.tsx';
import { RunButtons } from './run-buttons.tsx';
import { RunState } from './run-state.tsx';

interface HandRunsProps {
  readonly place: { readonly app: string; readonly environment: string };
  readonly onWish: (wish: JobWish) => void;
}

/** What people and tokens have started here, whoever has the page open: jobs, commands and verifications. */
export function HandRuns({ place, onWish }: HandRunsProps) {
  const { t } = useTranslation();
  const query = useQuery(handRunsQuery(place));
  return (
    <section className="hand-runs" aria-labelledby="hand-runs-title">
      <h2 id="hand-runs-title" className="label">
        {t('jobs.handTitle')}
      </h2>
      <Loaded query={query} skeleton={<Skeleton lines={3} />}>
        {(runs) =>
          runs.length === 0 ? (
            <p className="quiet">{t('jobs.handNone')}</p>
          ) : (
            <ol className="runs">
              {runs.map((run) => (
                <HandRun key={run.key} run={run} place={place} onWish={onWish} />
              ))}
            </ol>
          )
        }
      </Loaded>
    </section>
  );
}

function HandRun({ run, place, onWish }: HandRunsProps & { readonly run: JobByHandView }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const { key, job, startedBy, startedAt, reason, state, exitCode, note } = run;
  return (
    <li className="job-run">
      <RunState state={state} />
      <b>{job === 'command' ? t('jobs.handCommand') : job}</b>
      <span className="job-time">
        {t('jobs.handBy', { by: nameOf(startedBy) })} <Moment at={startedAt} />
      </span>
      {exitCode === null || exitCode === 0 ? null : <span>{t('jobs.exit', { code: exitCode })}</span>}
      {[note, reason].map((text) =>
        text === null ? null : (
          <span key={text} className="quiet job-note">
            {text}
          </span>
        ),
      )}
      <RunButtons place={place} job={job} run={key} isRunning={state === 'running'} onWish={onWish} />
    </li>
  );
}
