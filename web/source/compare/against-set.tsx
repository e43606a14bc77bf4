import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { EnvironmentViewModel } from '../../../src/capabilities/releases/releases-api.ts';
import { journalLength, journalQuery } from '../api/queries.ts';
import { compareConfigQuery, configHistoryQuery, secretsQuery } from '../api/settings-queries.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { configDifferences, newSecrets } from './compare-rows.ts';
import { DifferenceTable } from './difference-table.tsx';

/** What runs beside what is set: the next rollout brings it. */
export function AgainstSet({ place }: { readonly place: EnvironmentViewModel }) {
  const { t } = useTranslation();
  const { app, environment, revision, release, since } = place;
  const runs = release === 'r0' ? null : revision;
  const config = useQuery({ ...compareConfigQuery(app, runs ?? '', environment), enabled: runs !== null });
  const history = useQuery(configHistoryQuery(place)).data ?? [];
  const secrets = useQuery(secretsQuery(place));
  const events = useQuery(journalQuery(app, environment, journalLength.page)).data ?? [];
  const sides = { from: t('differ.runs'), to: t('differ.set') };
  if (runs === null) return <p className="quiet">{t('differ.nothingRuns')}</p>;
  return (
    <>
      <Loaded query={config} skeleton={<Skeleton lines={3} />}>
        {(diff) => (
          <DifferenceTable
            {...sides}
            title={t('nav.config')}
            rows={configDifferences(diff, [history])}
            none={t('differ.same')}
          />
        )}
      </Loaded>
      <Loaded query={secrets} skeleton={<Skeleton lines={3} />}>
        {(all) => (
          <DifferenceTable
            {...sides}
            title={t('nav.secrets')}
            rows={newSecrets(all, since, events)}
            none={t('differ.sameSecrets')}
          />
        )}
      </Loaded>
      <DifferenceTable {...sides} title={t('nav.flags')} rows={[]} none={t('differ.flagsAtOnce')} />
    </>
  );
}
