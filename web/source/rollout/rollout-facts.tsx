import { useTranslation } from 'react-i18next';
import type { RolloutView } from '../../../src/capabilities/releases/releases-api.ts';
import { formatDuration, formatMoment } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { Fact } from '../parts/fact.tsx';
import { ReleaseName } from '../parts/release-name.tsx';
import { usePersonName } from '../parts/use-person-name.ts';

export function RolloutFacts({ rollout }: { readonly rollout: RolloutView }) {
  const { t } = useTranslation();
  const language = useLocale();
  const nameOf = usePersonName();
  const { before, startedAt, liveAt, endedAt } = rollout;
  return (
    <dl className="facts">
      <Fact name={t('rollout.before')}>{before === null ? t('rollout.firstHere') : <ReleaseName id={before} />}</Fact>
      <Fact name={t('rollout.strategy')}>{t(`strategy.${rollout.strategy}`)}</Fact>
      <Fact name={t('rollout.startedBy')}>{nameOf(rollout.startedBy)}</Fact>
      <Fact name={t('rollout.started')}>{formatMoment(startedAt, language)}</Fact>
      <Fact name={t('rollout.live')}>{liveAt === null ? t('rollout.notYet') : formatMoment(liveAt, language)}</Fact>
      {endedAt === null ? null : (
        <Fact name={t('rollout.ended')}>
          {formatMoment(endedAt, language)}
          <br />
          <span className="quiet">
            {t('rollout.took', { duration: formatDuration(endedAt - startedAt, language) })}
          </span>
        </Fact>
      )}
    </dl>
  );
}
