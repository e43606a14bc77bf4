import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { EnvironmentViewModel, ReleaseView } from '../../../src/capabilities/releases/releases-api.ts';
import { environmentsQuery, releasesQuery, rolloutsQuery } from '../api/queries.ts';
import { orderEnvironments } from '../overview/order-environments.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Moment } from '../parts/moment.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { usePersonName } from '../parts/use-person-name.ts';
import { ReleasePipeline } from '../pipelines/release-pipeline.tsx';
import { RolloutStatus } from '../rollout/rollout-status.tsx';
import { ReleaseContents } from './release-contents.tsx';
import { ReleaseEvidence } from './release-evidence.tsx';
import { ReleasePlace } from './release-place.tsx';
import { Quarantine, Source } from './release-row.tsx';

interface ReleasePageProps {
  readonly app: string;
  readonly release: string;
}

/** One release: what it is, how it differs from what runs, what speaks for it, and who did what with it. */
export function ReleasePage({ app, release: id }: ReleasePageProps) {
  const { t } = useTranslation();
  const releases = useQuery(releasesQuery(app));
  return (
    <>
      <p className="trail">
        <Link href={`/apps/${app}/releases`}>{t('nav.releases')}</Link>
        <span aria-hidden="true"> / </span>
        <span>{id}</span>
      </p>
      <Loaded query={releases} skeleton={<Skeleton lines={9} />}>
        {(all) => {
          const release = all.find((each) => each.id === id);
          return release === undefined ? (
            <p className="quiet">{t('releases.unknown', { release: id })}</p>
          ) : (
            <Release release={release} />
          );
        }}
      </Loaded>
    </>
  );
}

function Release({ release }: { readonly release: ReleaseView }) {
  const { t } = useTranslation();
  const places = orderEnvironments(useQuery(environmentsQuery(release.app)).data ?? []);
  return (
    <>
      <header className="page-head release-head">
        <Source release={release} level="h1" />
        <Quarantine release={release} />
      </header>
      <div className="rollout-columns">
        <div className="release-main">
          {places.map((place) => (
            <ReleasePlace key={place.environment} release={release} place={place} />
          ))}
          <ReleasePipeline release={release} />
          <ReleaseEvidence release={release} places={places} />
        </div>
        <aside className="rollout-side">
          <ReleaseContents release={release} />
          <Overrides release={release} places={places} />
          <Rollouts release={release} />
          <p>
            <Link href={`/apps/${release.app}/journal`}>{t('overview.wholeJournal')}</Link>
          </p>
        </aside>
      </div>
    </>
  );
}

/** Gates that a person has passed for it, where it is under way or serves. */
function Overrides({
  release,
  places,
}: {
  readonly release: ReleaseView;
  readonly places: readonly EnvironmentViewModel[];
}) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const passed = places
    .filter((place) => (place.rollout?.release ?? place.release) === release.id)
    .flatMap((place) => place.overrides.map((override) => ({ ...override, environment: place.environment })));
  if (passed.length === 0) return null;
  return (
    <div className="notes">
      <h2 className="label">{t('overview.overridden')}</h2>
      <ul>
        {passed.map(({ gate, by, reason, at, environment }) => (
          <li key={`${environment}/${gate}/${at}`}>
            {environment}: {t('overview.overrideLine', { gate, by: nameOf(by), reason })}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Rollouts({ release }: { readonly release: ReleaseView }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const all = useQuery(rolloutsQuery(release.app)).data ?? [];
  const own = all.filter((rollout) => rollout.release === release.id);
  return (
    <div className="earlier">
      <h2 className="label">{t('releases.rollouts')}</h2>
      {own.length === 0 ? <p className="quiet">{t('releases.noRollouts')}</p> : null}
      <ul>
        {own.map((rollout) => (
          <li key={rollout.id}>
            <Link href={`/apps/${rollout.app}/rollouts/${rollout.id}`}>{rollout.environment}</Link>
            <RolloutStatus status={rollout.status} />
            <span className="quiet">
              {t('journal.by', { actor: nameOf(rollout.startedBy) })}, <Moment at={rollout.startedAt} />
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
