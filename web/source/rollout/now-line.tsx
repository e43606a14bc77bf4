import { useTranslation } from 'react-i18next';
import type { RolloutView } from '../../../src/capabilities/releases/releases-api.ts';
import { formatDuration, formatMoment, formatRunning } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { useNow } from '../parts/use-now.ts';
import { usePersonName } from '../parts/use-person-name.ts';
import { currentIndex, deadlineLeftMs, elapsedMs, hasEnded } from './step-progress.ts';
import { useStepTitle } from './use-step-title.ts';

/** What happens at this moment, in one line: the step, how long it runs, what is left of its deadline. */
export function NowLine({ rollout }: { readonly rollout: RolloutView }) {
  const { t } = useTranslation();
  const language = useLocale();
  const now = useNow(hasEnded(rollout) ? null : 1_000);
  const titleOf = useStepTitle(rollout.release);
  const index = currentIndex(rollout.steps);
  const step = rollout.steps[index];
  if (hasEnded(rollout)) return <p className="now-line">{<EndWords rollout={rollout} />}</p>;
  if (step === undefined) return null;
  const elapsed = elapsedMs(step, now);
  const left = deadlineLeftMs(step, now);
  return (
    <p className="now-line">
      <span className="now-count">{t('step.of', { number: index + 1, all: rollout.steps.length })}</span>
      <b className="now-title">{titleOf(step)}</b>
      {elapsed === null ? null : <span className="now-time">{formatRunning(elapsed, language)}</span>}
      {left === null ? null : (
        <span className="now-deadline">
          {t('step.deadline')}:{' '}
          {t('step.deadlineLeft', {
            left: formatRunning(left, language),
            all: formatDuration(step.deadlineMs, language),
          })}
        </span>
      )}
    </p>
  );
}

/** A pause has an end that nobody has to order: who holds the rollout sees it coming. */
export function PauseLine({ pause }: { readonly pause: NonNullable<RolloutView['pause']> }) {
  const { t } = useTranslation();
  const language = useLocale();
  const nameOf = usePersonName();
  const now = useNow(20_000);
  const left = formatDuration(Math.max(0, pause.until - now), language);
  return (
    <p className="now-line">
      <b className="now-title">{t('rollout.pausedBy', { by: nameOf(pause.by) })}</b>
      {pause.reason === null ? null : <span className="quiet">{pause.reason}</span>}
      <span className="now-deadline">
        {t('rollout.pausedUntil', { left, time: formatMoment(pause.until, language) })}
      </span>
    </p>
  );
}

function EndWords({ rollout }: { readonly rollout: RolloutView }) {
  const { t } = useTranslation();
  const { release, before } = rollout;
  switch (rollout.status) {
    case 'settled':
      return t('rollout.endSettled', { release });
    case 'returned':
      return before === null ? t('rollout.endReturnedFirst') : t('rollout.endReturned', { release: before });
    case 'stranded':
      return t('rollout.endStranded');
    default:
      return null;
  }
}
