import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { rolloutsQuery } from '../api/queries.ts';
import { Moment } from '../parts/moment.tsx';
import { ReleaseName } from '../parts/release-name.tsx';
import { RolloutStatus } from './rollout-status.tsx';

interface EarlierRolloutsProps {
  readonly app: string;
  readonly environment: string;
  /** The one that the page is about. */
  readonly shown: string;
}

const mostShown = 6;

export function EarlierRollouts({ app, environment, shown }: EarlierRolloutsProps) {
  const { t } = useTranslation();
  const all = useQuery(rolloutsQuery(app)).data ?? [];
  const here = all.filter((each) => each.environment === environment && each.id !== shown).slice(0, mostShown);
  if (here.length === 0) return null;
  return (
    <div className="earlier">
      <h3 className="label">{t('rollout.earlier', { environment })}</h3>
      <ul>
        {here.map((each) => (
          <li key={each.id}>
            <Link href={`/apps/${app}/rollouts/${each.id}`}>
              <ReleaseName id={each.release} />
            </Link>
            <RolloutStatus status={each.status} />
            <span className="quiet">
              <Moment at={each.endedAt ?? each.startedAt} />
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
