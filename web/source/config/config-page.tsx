import { useQuery } from '@tanstack/react-query';
import { GitCompareArrows, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { ConfigView } from '../../../src/capabilities/config/config-api.ts';
import { useMay } from '../actions/action-buttons.tsx';
import { configQuery } from '../api/settings-queries.ts';
import { InEnvironment } from '../parts/in-environment.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { ConfigDialog, type ConfigWish } from './config-dialog.tsx';
import { ConfigHistory } from './config-history.tsx';
import { ConfigTable } from './config-table.tsx';

interface ConfigPageProps {
  readonly app: string;
  readonly wanted: string | null;
}

/** Every value that an environment gives: where it comes from, what runs, and who said so when. */
export function ConfigPage({ app, wanted }: ConfigPageProps) {
  return (
    <InEnvironment app={app} page="config" wanted={wanted}>
      {({ environment }) => <Config key={environment} app={app} environment={environment} />}
    </InEnvironment>
  );
}

function Config({ app, environment }: { readonly app: string; readonly environment: string }) {
  const query = useQuery(configQuery({ app, environment }));
  const [wish, setWish] = useState<ConfigWish | null>(null);
  return (
    <>
      <Loaded query={query} skeleton={<Skeleton lines={9} />}>
        {(config) => (
          <>
            <Standing config={config} onAdd={() => setWish({ kind: 'add' })} />
            <ConfigTable config={config} onWish={setWish} />
            {wish === null ? null : <ConfigDialog config={config} wish={wish} onClose={() => setWish(null)} />}
          </>
        )}
      </Loaded>
      <ConfigHistory app={app} environment={environment} />
    </>
  );
}

/** Whose declarations these are, and whether the next rollout brings others. */
function Standing({ config, onAdd }: { readonly config: ConfigView; readonly onAdd: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const { app, environment, release, version, differs } = config;
  return (
    <div className="table-head">
      <p data-tone={differs ? 'moving' : 'plain'} className="table-standing">
        {release === null ? t('config.noRelease') : t('config.of', { release, version })}{' '}
        {differs ? <b>{t('config.differs')}</b> : null}
      </p>
      <Link className="with-icon" href={`/apps/${app}/compare/${encodeURIComponent(environment)}`}>
        <GitCompareArrows aria-hidden="true" />
        {t('differ.open')}
      </Link>
      {may('configure') ? (
        <button type="button" className="button" onClick={onAdd}>
          <Plus aria-hidden="true" />
          {t('config.add')}
        </button>
      ) : null}
    </div>
  );
}
