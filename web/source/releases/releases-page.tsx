import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { environmentsQuery, releasesQuery } from '../api/queries.ts';
import { CopyCommand } from '../parts/copy-command.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { ReleaseRow } from './release-row.tsx';

/** Every release: what it is, where it serves, what speaks for and against it, what can be done with it. */
export function ReleasesPage({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const releases = useQuery(releasesQuery(app));
  const environments = useQuery(environmentsQuery(app)).data ?? [];
  return (
    <>
      <header className="page-head">
        <h1>{t('releases.title')}</h1>
        <p className="quiet">{t('releases.intro')}</p>
      </header>
      <Loaded query={releases} skeleton={<Skeleton lines={9} />}>
        {(list) =>
          list.length === 0 ? (
            <NoRelease />
          ) : (
            <ol className="releases">
              {[...list]
                .sort((left, right) => right.number - left.number)
                .map((release) => (
                  <ReleaseRow key={release.id} release={release} environments={environments} all={list} />
                ))}
            </ol>
          )
        }
      </Loaded>
    </>
  );
}

function NoRelease() {
  const { t } = useTranslation();
  return (
    <section className="empty">
      <h2>{t('empty.noRelease')}</h2>
      <p>{t('empty.noEnvironmentIntro')}</p>
      <CopyCommand command="npx lotse deploy" />
    </section>
  );
}
