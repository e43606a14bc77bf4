import { useQuery } from '@tanstack/react-query';
import { CalendarClock, Play } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { KnownJobView, ScheduledRunView } from '../../../src/capabilities/schedules/schedules-api.ts';
import { useMay } from '../actions/action-buttons.tsx';
import { jobRunQuery } from '../api/settings-queries.ts';
import { formatDuration, formatMoment, formatRelative } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { Moment } from '../parts/moment.tsx';
import { useNow } from '../parts/use-now.ts';
import type { JobWish } from './job-dialogs.tsx';
import { RunButtons } from './run-buttons.tsx';
import { RunState } from './run-state.tsx';

interface Place {
  readonly app: string;
  readonly environment: string;
}

interface JobCardProps {
  readonly job: KnownJobView;
  readonly place: Place;
  /** The key of a run that was started here; null: none was. */
  readonly runByHand: string | null;
  readonly onWish: (wish: JobWish) => void;
}

export function JobCard({ job, place, runByHand, onWish }: JobCardProps) {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <li className="card" aria-labelledby={`job-${job.job}`}>
      <div className="card-head">
        <div>
          <h2 id={`job-${job.job}`}>{job.job}</h2>
          <When job={job} />
        </div>
        {may('operate') ? (
          <button
            type="button"
            className="button"
            aria-label={t('jobs.runWhat', { job: job.job })}
            onClick={() => onWish({ kind: 'run', job })}
          >
            <Play aria-hidden="true" />
            {t('jobs.run')}
          </button>
        ) : null}
      </div>
      {runByHand === null ? null : <RunByHand place={place} job={job.job} run={runByHand} onWish={onWish} />}
      <Runs job={job} place={place} onWish={onWish} />
    </li>
  );
}

function When({ job: { cron, timezone, nextAt, withinMs } }: { readonly job: KnownJobView }) {
  const { t } = useTranslation();
  const language = useLocale();
  const now = useNow(nextAt === null ? null : 20_000);
  const within = t('jobs.within', { within: formatDuration(withinMs, language) });
  if (cron === null) {
    return (
      <p className="quiet">
        {t('jobs.byHand')}, {within}
      </p>
    );
  }
  return (
    <p className="quiet job-when">
      <CalendarClock aria-hidden="true" />
      <code>{cron}</code>
      <span>{timezone}</span>
      {nextAt === null ? null : (
        <b className="job-next" title={formatMoment(nextAt, language)}>
          {t('jobs.next', { time: formatRelative(nextAt, now, language) })}
        </b>
      )}
      <span>{within}</span>
    </p>
  );
}

interface RunByHandProps {
  readonly place: Place;
  readonly job: string;
  readonly run: string;
  readonly onWish: (wish: JobWish) => void;
}

/** A run that was started here, with its last lines. */
function RunByHand({ place, job, run, onWish }: RunByHandProps) {
  const { t } = useTranslation();
  const { data } = useQuery(jobRunQuery(place, run));
  if (data === undefined) return null;
  return (
    <div className="job-hand" aria-live="polite">
      <p className="job-run">
        <RunState state={data.state} />
        <span>{t('jobs.startedHere')}</span>
        {data.exitCode === null || data.exitCode === 0 ? null : <span>{t('jobs.exit', { code: data.exitCode })}</span>}
        <RunButtons place={place} job={job} run={run} isRunning={data.state === 'running'} onWish={onWish} />
      </p>
      {data.logTail.length === 0 ? null : (
        <figure className="log">
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so keys must reach it */}
          <pre tabIndex={0}>{data.logTail.join('\n')}</pre>
        </figure>
      )}
    </div>
  );
}

const shownRuns = 6;

function Runs({ job, place, onWish }: Omit<JobCardProps, 'runByHand'>) {
  const { t } = useTranslation();
  if (job.cron === null) return null;
  if (job.runs.length === 0) return <p className="quiet">{t('jobs.noRuns')}</p>;
  return (
    <>
      <RunLine runs={job.runs} />
      <ol className="runs" aria-label={t('jobs.runsOf', { job: job.job })}>
        {job.runs.slice(0, shownRuns).map((run) => (
          <RunRow key={run.key} run={run} job={job.job} place={place} onWish={onWish} />
        ))}
      </ol>
    </>
  );
}

/** All runs that are kept, at a glance, the oldest first. */
function RunLine({ runs }: { readonly runs: readonly ScheduledRunView[] }) {
  return (
    <div className="run-line" aria-hidden="true">
      {runs.toReversed().map((run) => (
        <span key={run.key} data-state={run.state} />
      ))}
    </div>
  );
}

interface RunRowProps {
  readonly run: ScheduledRunView;
  readonly job: string;
  readonly place: Place;
  readonly onWish: (wish: JobWish) => void;
}

function RunRow({ run, job, place, onWish }: RunRowProps) {
  const { t } = useTranslation();
  const language = useLocale();
  const { key, state, startedAt, endedAt, exitCode, note, isOverdue } = run;
  return (
    <li className="job-run">
      <RunState state={state} />
      <span className="job-time">
        <Moment at={startedAt} />
        {endedAt === null ? null : <span className="quiet">, {formatDuration(endedAt - startedAt, language)}</span>}
      </span>
      {exitCode === null || exitCode === 0 || note !== null ? null : <span>{t('jobs.exit', { code: exitCode })}</span>}
      {isOverdue ? <b className="missing">{t('jobs.overdue')}</b> : null}
      {note === null ? null : <span className="quiet job-note">{note}</span>}
      <RunButtons place={place} job={job} run={key} isRunning={state === 'running'} onWish={onWish} />
    </li>
  );
}
