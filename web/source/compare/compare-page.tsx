import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { EnvironmentViewModel } from '../../../src/capabilities/releases/releases-api.ts';
import { environmentsQuery, releasesQuery } from '../api/queries.ts';
import { InEnvironment } from '../parts/in-environment.tsx';
import { AgainstEnvironment } from './against-environment.tsx';
import { AgainstRelease } from './against-release.tsx';
import { AgainstSet } from './against-set.tsx';

/** What an environment is compared with. */
type Other = `environment:${string}` | `release:${string}` | 'set';

const shownReleases = 20;

interface ComparePageProps {
  readonly app: string;
  readonly wanted: string | null;
}

/** Config, secrets and flags: what runs beside what is set, beside a release, or beside another environment. */
export function ComparePage({ app, wanted }: ComparePageProps) {
  return (
    <InEnvironment app={app} page="compare" wanted={wanted}>
      {(place) => <Compare key={place.environment} place={place} />}
    </InEnvironment>
  );
}

function Compare({ place }: { readonly place: EnvironmentViewModel }) {
  const [other, setOther] = useState<Other>('set');
  return (
    <>
      <OtherChoice place={place} other={other} onChange={setOther} />
      <Against place={place} other={other} />
    </>
  );
}

interface OtherChoiceProps {
  readonly place: EnvironmentViewModel;
  readonly other: Other;
  readonly onChange: (other: Other) => void;
}

function OtherChoice({ place, other, onChange }: OtherChoiceProps) {
  const { t } = useTranslation();
  const environments = useQuery(environmentsQuery(place.app)).data ?? [];
  const releases = useQuery(releasesQuery(place.app)).data ?? [];
  const others = environments.filter(({ environment }) => environment !== place.environment);
  return (
    <div className="field compare-choice">
      <label htmlFor="compare-with">{t('differ.with', { environment: place.environment })}</label>
      <select id="compare-with" value={other} onChange={({ target }) => onChange(otherOf(target.value))}>
        <option value="set">{t('differ.set')}</option>
        <optgroup label={t('journal.environment')}>
          {others.map(({ environment }) => (
            <option key={environment} value={`environment:${environment}`}>
              {environment}
            </option>
          ))}
        </optgroup>
        <optgroup label={t('nav.releases')}>
          {releases.slice(0, shownReleases).map(({ id }) => (
            <option key={id} value={`release:${id}`}>
              {id}
            </option>
          ))}
        </optgroup>
      </select>
    </div>
  );
}

function otherOf(value: string): Other {
  const [kind = '', name = ''] = value.split(/:(.*)/);
  if (kind === 'environment' || kind === 'release') return `${kind}:${name}`;
  return 'set';
}

function Against({ place, other }: { readonly place: EnvironmentViewModel; readonly other: Other }) {
  const environments = useQuery(environmentsQuery(place.app)).data ?? [];
  const [kind, name = ''] = other.split(/:(.*)/);
  if (kind === 'release') return <AgainstRelease key={name} place={place} release={name} />;
  const beside = environments.find(({ environment }) => kind === 'environment' && environment === name);
  return beside === undefined ? (
    <AgainstSet place={place} />
  ) : (
    <AgainstEnvironment key={name} place={place} beside={beside} />
  );
}
