import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PipelineJobView, PipelineView } from '../../../src/capabilities/pipelines/pipelines-api.ts';
import type { ReleaseView } from '../../../src/capabilities/releases/releases-api.ts';
import { formatElapsedMs } from '../../../src/core/quantities.ts';
import { callApi } from '../api/call-api.ts';
import { meQuery } from '../api/queries.ts';
import { keys } from '../api/query-keys.ts';
import { ChangeDialog } from '../parts/change-dialog.tsx';
import { CopyCommand } from '../parts/copy-command.tsx';
import { useNamedText } from '../parts/use-person-name.ts';
import { PipelineState } from './pipeline-state.tsx';
import { pipelinesOfRelease } from './pipeline-query.ts';

/** What was run for it before it may be deployed: the latest run with its jobs. Nothing where none is declared. */
export function ReleasePipeline({ release }: { readonly release: ReleaseView }) {
  const { t } = useTranslation();
  const runs = useQuery(pipelinesOfRelease(release.app, release.id)).data ?? [];
  const [latest] = runs;
  const named = useNamedText();
  if (latest === undefined) return null;
  const failed = latest.jobs.find(({ state }) => state === 'failed');
  return (
    <section aria-labelledby="pipeline-title" className="block">
      <h2 id="pipeline-title" className="label">
        {t('pipelines.title')} {latest.id} <PipelineState state={latest.state} />
      </h2>
      {latest.note === null ? null : <p>{named(latest.note)}</p>}
      <ul className="rows">
        {latest.jobs.map((job) => (
          <JobRow key={job.job} job={job} />
        ))}
      </ul>
      {failed === undefined ? null : <CopyCommand command={`npx lotse pipeline logs ${latest.id} ${failed.job}`} />}
      <RunButtons run={latest} count={runs.length} />
    </section>
  );
}

function JobRow({ job }: { readonly job: PipelineJobView }) {
  const { t } = useTranslation();
  const { startedAt, endedAt, exitCode, cache, hasArtifacts, note, needs } = job;
  const facts = [
    startedAt === null || endedAt === null ? '' : t('pipelines.took', { time: formatElapsedMs(endedAt - startedAt) }),
    needs.length === 0 ? '' : t('pipelines.needs', { jobs: needs.join(', ') }),
    cache === null ? '' : t(`pipelines.cache.${cache}`),
    hasArtifacts ? t('pipelines.artifacts') : '',
    exitCode === null || exitCode === 0 ? '' : t('pipelines.status', { code: exitCode }),
  ];
  return (
    <li className="row">
      <div className="row-what">
        <h3 className="row-name">
          <code>{job.job}</code> <PipelineState state={job.state} />
        </h3>
      </div>
      <div className="row-value">
        {note === null ? null : <p>{note}</p>}
        <p className="quiet">{facts.filter((fact) => fact !== '').join(', ')}</p>
      </div>
    </li>
  );
}

/** Whoever may build may also run and end what is run for a build. */
function RunButtons({ run, count }: { readonly run: PipelineView; readonly count: number }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const roles = useQuery(meQuery).data?.roles ?? [];
  const may = roles.some((role) => role === 'developer' || role === 'operator' || role === 'admin');
  const isOver = run.endedAt !== null;
  const { app, release } = run;
  if (!may || (isOver && !run.hasFiles)) return <p className="quiet">{t('pipelines.runs', { count })}</p>;
  const word = t(isOver ? 'pipelines.runAgain' : 'pipelines.cancel');
  return (
    <p className="buttons">
      <button type="button" className="button" onClick={() => setAsking(true)}>
        {word}
      </button>
      <span className="quiet">{t('pipelines.runs', { count })}</span>
      {isAsking ? (
        <ChangeDialog
          title={`${word}: ${run.id}`}
          what={t(isOver ? 'pipelines.runHappens' : 'pipelines.cancelHappens', { release })}
          confirm={word}
          reason="none"
          perform={async () => {
            if (isOver) await callApi('POST /apps/:app/pipelines', { path: { app }, json: { release } });
            else
              await callApi('POST /apps/:app/pipelines/:pipeline/cancel', {
                path: { app, pipeline: run.id },
                json: {},
              });
            await queries.invalidateQueries({ queryKey: keys.settings(app) });
          }}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </p>
  );
}
