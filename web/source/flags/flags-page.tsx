import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { FlagView } from '../../../src/capabilities/flags/flags-api.ts';
import { flagsQuery } from '../api/settings-queries.ts';
import { InEnvironment } from '../parts/in-environment.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { FlagDialog, type FlagWish } from './flag-dialogs.tsx';
import { FlagKeys } from './flag-keys.tsx';
import { FlagRow } from './flag-row.tsx';

interface FlagsPageProps {
  readonly app: string;
  readonly wanted: string | null;
}

/** Flags as they hold at this moment. What is changed here takes effect at once, without a release. */
export function FlagsPage({ app, wanted }: FlagsPageProps) {
  return (
    <InEnvironment app={app} page="flags" wanted={wanted}>
      {({ environment }) => <Flags key={environment} app={app} environment={environment} />}
    </InEnvironment>
  );
}

function Flags({ app, environment }: { readonly app: string; readonly environment: string }) {
  const query = useQuery(flagsQuery({ app, environment }));
  const [wish, setWish] = useState<FlagWish | null>(null);
  const place = { app, environment };
  return (
    <>
      <Loaded query={query} skeleton={<Skeleton lines={9} />}>
        {({ flags }) => <FlagList flags={flags} place={place} onWish={setWish} />}
      </Loaded>
      <FlagKeys place={place} />
      {wish === null ? null : <FlagDialog place={place} wish={wish} onClose={() => setWish(null)} />}
    </>
  );
}

interface FlagListProps {
  readonly flags: readonly FlagView[];
  readonly place: { readonly app: string; readonly environment: string };
  readonly onWish: (wish: FlagWish) => void;
}

const manyFlags = 8;

function FlagList({ flags, place, onWish }: FlagListProps) {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  if (flags.length === 0) {
    return (
      <section className="empty">
        <h2>{t('flags.empty')}</h2>
        <p>{t('flags.emptyHint')}</p>
      </section>
    );
  }
  const shown = flags.filter(({ flag }) => flag.toLowerCase().includes(search.trim().toLowerCase()));
  return (
    <>
      {flags.length < manyFlags ? null : (
        <div className="filters">
          <SearchField label={t('flags.search')} value={search} onChange={setSearch} />
        </div>
      )}
      {shown.length === 0 ? <p className="quiet">{t('state.nothingFound')}</p> : null}
      <ul className="rows">
        {shown.map((flag) => (
          <FlagRow key={flag.flag} flag={flag} place={place} onWish={onWish} />
        ))}
      </ul>
    </>
  );
}
