import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { FlagView } from '../../../src/capabilities/flags/flags-api.ts';
import type { EnvironmentViewModel } from '../../../src/capabilities/releases/releases-api.ts';
import { journalLength, journalQuery } from '../api/queries.ts';
import { compareConfigQuery, configHistoryQuery, flagsQuery, secretsQuery } from '../api/settings-queries.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { configDifferences, flagDifferences, secretDifferences } from './compare-rows.ts';
import { DifferenceTable } from './difference-table.tsx';

interface AgainstEnvironmentProps {
  readonly place: EnvironmentViewModel;
  readonly beside: EnvironmentViewModel;
}

/** What is set in one environment beside another one. */
export function AgainstEnvironment({ place, beside }: AgainstEnvironmentProps) {
  return (
    <>
      <ConfigOf place={place} beside={beside} />
      <SecretsOf place={place} beside={beside} />
      <FlagsOf place={place} beside={beside} />
    </>
  );
}

function ConfigOf({ place, beside }: AgainstEnvironmentProps) {
  const { t } = useTranslation();
  const query = useQuery(compareConfigQuery(place.app, place.environment, beside.environment));
  const histories = [useQuery(configHistoryQuery(place)).data ?? [], useQuery(configHistoryQuery(beside)).data ?? []];
  return (
    <Loaded query={query} skeleton={<Skeleton lines={3} />}>
      {(diff) => (
        <DifferenceTable
          title={t('nav.config')}
          from={place.environment}
          to={beside.environment}
          rows={configDifferences(diff, histories)}
          none={t('differ.same')}
        />
      )}
    </Loaded>
  );
}

function SecretsOf({ place, beside }: AgainstEnvironmentProps) {
  const { t } = useTranslation();
  const here = useQuery(secretsQuery(place));
  const there = useQuery(secretsQuery(beside)).data;
  const events = useQuery(journalQuery(place.app, null, journalLength.page)).data ?? [];
  return (
    <Loaded query={here} skeleton={<Skeleton lines={3} />}>
      {(all) => (
        <DifferenceTable
          title={t('nav.secrets')}
          from={place.environment}
          to={beside.environment}
          rows={there === undefined ? [] : secretDifferences(all, there, events)}
          none={t('differ.sameNames')}
        />
      )}
    </Loaded>
  );
}

function FlagsOf({ place, beside }: AgainstEnvironmentProps) {
  const { t } = useTranslation();
  const here = useQuery(flagsQuery(place));
  const there = useQuery(flagsQuery(beside)).data?.flags;
  const say = ({ isOn, defaultVariant, live }: FlagView) => {
    const shares = live?.percentages?.map(({ variant, percent }) => `${variant} ${percent} %`) ?? [];
    const given = [defaultVariant ?? t('differ.codeDefault'), ...shares].join(', ');
    return t(isOn ? 'differ.flagOn' : 'differ.flagOff', { given });
  };
  return (
    <Loaded query={here} skeleton={<Skeleton lines={3} />}>
      {({ flags }) => (
        <DifferenceTable
          title={t('nav.flags')}
          from={place.environment}
          to={beside.environment}
          rows={there === undefined ? [] : flagDifferences(flags, there, say)}
          none={t('differ.same')}
        />
      )}
    </Loaded>
  );
}
