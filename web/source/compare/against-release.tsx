import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { EnvironmentViewModel } from '../../../src/capabilities/releases/releases-api.ts';
import { planQuery } from '../api/queries.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { planDifferences } from './compare-rows.ts';
import { DifferenceTable } from './difference-table.tsx';

interface AgainstReleaseProps {
  readonly place: EnvironmentViewModel;
  readonly release: string;
}

/** What a rollout of the release would change here, by its plan; nothing is touched. */
export function AgainstRelease({ place, release }: AgainstReleaseProps) {
  const { t } = useTranslation();
  const query = useQuery(planQuery(place.app, place.environment, { release }));
  return (
    <Loaded query={query} skeleton={<Skeleton lines={6} />}>
      {(plan) => {
        const parts = [...planDifferences(plan)];
        if (parts.length === 0) return <p className="quiet">{t('differ.sameRelease', { release })}</p>;
        return parts.map(([part, rows]) => (
          <DifferenceTable
            key={part}
            title={part}
            from={t('differ.runs')}
            to={release}
            rows={rows}
            none={t('differ.same')}
          />
        ));
      }}
    </Loaded>
  );
}
