import { useTranslation } from 'react-i18next';
import type { KnownJobView } from '../../../src/capabilities/schedules/schedules-api.ts';
import { callApi } from '../api/call-api.ts';
import { ask } from '../api/parse-answers.ts';
import { formatDuration } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { ChangeDialog } from '../parts/change-dialog.tsx';

export type JobWish =
  | { readonly kind: 'run'; readonly job: KnownJobView }
  /** `run`: the key of the one to end. */
  | { readonly kind: 'cancel'; readonly job: string; readonly run: string };

interface Place {
  readonly app: string;
  readonly environment: string;
}

interface RunJobDialogProps {
  readonly place: Place;
  readonly job: KnownJobView;
  readonly onStarted: (key: string) => void;
  readonly onClose: () => void;
}

export function RunJobDialog({ place, job, onStarted, onClose }: RunJobDialogProps) {
  const { t } = useTranslation();
  const language = useLocale();
  const { environment } = place;
  const within = formatDuration(job.withinMs, language);
  return (
    <ChangeDialog
      app={place.app}
      title={t('jobs.runTitle', { job: job.job, environment })}
      what={t(job.cron === null ? 'jobs.runHappens' : 'jobs.runBesideHappens', { environment, within })}
      confirm={t('jobs.run')}
      reason="none"
      perform={async () => {
        const json = { job: job.job };
        const run = await ask('POST /apps/:app/environments/:environment/jobs', { path: { ...place }, json });
        onStarted(run.key);
      }}
      onClose={onClose}
    />
  );
}

interface CancelJobDialogProps {
  readonly place: Place;
  readonly job: string;
  readonly run: string;
  readonly onClose: () => void;
}

export function CancelJobDialog({ place, job, run, onClose }: CancelJobDialogProps) {
  const { t } = useTranslation();
  return (
    <ChangeDialog
      app={place.app}
      title={t('jobs.cancelTitle', { job })}
      what={t('jobs.cancelHappens')}
      confirm={t('jobs.cancel')}
      isDangerous
      reason="none"
      perform={() =>
        callApi('POST /apps/:app/environments/:environment/jobs/:job/cancel', { path: { ...place, job: run } })
      }
      onClose={onClose}
    />
  );
}
