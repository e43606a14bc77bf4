import { ArrowRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { RolloutView } from '../../../src/capabilities/releases/releases-api.ts';
import { SteeringButtons } from '../actions/action-buttons.tsx';
import { formatDuration } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { Moment } from '../parts/moment.tsx';
import { ReleaseName } from '../parts/release-name.tsx';
import { useNamedText } from '../parts/use-person-name.ts';
import { Fairway } from '../rollout/fairway.tsx';
import { NowLine } from '../rollout/now-line.tsx';
import { RolloutStatus } from '../rollout/rollout-status.tsx';

/** The rollout under way, at the foot of its lane. */
export function LaneRollout({ rollout }: { readonly rollout: RolloutView }) {
  const { t } = useTranslation();
  return (
    <div className="sea lane-rollout">
      <div className="sea-head">
        <RolloutStatus status={rollout.status} />
        <Link href={`/apps/${rollout.app}/rollouts/${rollout.id}`} className="sea-title">
          {rollout.before === null ? null : (
            <>
              <ReleaseName id={rollout.before} />
              <ArrowRight aria-hidden="true" />
            </>
          )}
          <ReleaseName id={rollout.release} />
          <span className="only-read">{t('rollout.openRollout')}</span>
        </Link>
        <SteeringButtons rollout={rollout} />
      </div>
      <Fairway rollout={rollout} />
      <NowLine rollout={rollout} />
    </div>
  );
}

/** One that has ended, in a line. */
export function LatestRollout({ rollout }: { readonly rollout: RolloutView }) {
  const { t } = useTranslation();
  const language = useLocale();
  const named = useNamedText();
  const { endedAt, startedAt } = rollout;
  return (
    <div className="latest-rollout">
      <h3 className="label">{t('overview.lastRollout')}</h3>
      <p>
        <RolloutStatus status={rollout.status} />
        <Link href={`/apps/${rollout.app}/rollouts/${rollout.id}`}>
          <ReleaseName id={rollout.release} />
        </Link>
        {endedAt === null ? null : (
          <span className="quiet">
            <Moment at={endedAt} />, {t('rollout.took', { duration: formatDuration(endedAt - startedAt, language) })}
          </span>
        )}
      </p>
      {rollout.cause === null ? null : <p className="latest-cause">{named(rollout.cause.message)}</p>}
    </div>
  );
}
