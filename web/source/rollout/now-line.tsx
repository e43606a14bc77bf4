import { useTranslation } from 'react-i18next';
import type { RolloutView } from '../../../src/capabilities/releases/releases-api.ts';
import { formatDuration, formatRunning } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { useNow } from '../parts/use-now.ts';
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
