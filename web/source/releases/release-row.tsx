import { Anchor, CircleCheck, CircleDashed, FilePen, GitBranch, ShieldX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { EnvironmentViewModel, ReleaseView } from '../../../src/capabilities/releases/releases-api.ts';
import { Chip } from '../parts/chip.tsx';
import { Moment } from '../parts/moment.tsx';
import { ReleaseName } from '../parts/release-name.tsx';
import { useNamedText } from '../parts/use-person-name.ts';
import { ReleaseButtons } from './release-buttons.tsx';

interface ReleaseRowProps {
  readonly release: ReleaseView;
  readonly environments: readonly EnvironmentViewModel[];
  readonly all: readonly ReleaseView[];
}

export function ReleaseRow({ release, environments, all }: ReleaseRowProps) {
  return (
    <li className="release" data-serving={release.serving.length > 0} data-quarantine={release.quarantine.length > 0}>
      <div className="release-what">
        <Source release={release} level="h2" />
        <Quarantine release={release} />
      </div>
      <Standing release={release} />
      <ReleaseButtons release={release} environments={environments} all={all} />
    </li>
  );
}

interface SourceProps {
  readonly release: ReleaseView;
  /** `h1`: on its own page. */
  readonly level: 'h1' | 'h2';
}

export function Source({ release, level: Heading }: SourceProps) {
  const { t } = useTranslation();
  const name = <ReleaseName id={release.id} />;
  return (
    <>
      <Heading className="release-title">
        {Heading === 'h1' ? name : <Link href={`/apps/${release.app}/releases/${release.id}`}>{name}</Link>}
        <span className="release-subject">{release.subject ?? t('releases.noSubject')}</span>
      </Heading>
      <p className="release-source quiet">
        {release.branch === null ? null : (
          <span>
            <GitBranch aria-hidden="true" />
            {release.branch}
          </span>
        )}
        <code title={release.commit}>{release.commit.slice(0, 12)}</code>
        {release.dirty ? (
          <span>
            <FilePen aria-hidden="true" />
            {t('releases.dirty')}
          </span>
        ) : null}
        <Moment at={release.createdAt} />
        <code title={`${t('releases.artifact')}: ${release.artifact}`} className="release-digest">
          {release.artifact.slice(0, 19)}…
        </code>
      </p>
    </>
  );
}

export function Quarantine({ release }: { readonly release: ReleaseView }) {
  const { t } = useTranslation();
  const named = useNamedText();
  return release.quarantine.map(({ environment, reason, at }) => (
    <p key={environment} className="release-quarantine">
      <Chip tone="bad" icon={ShieldX}>
        {t('releases.quarantine')}
      </Chip>
      <span>
        {t('releases.quarantineLine', { environment, reason: named(reason) })}{' '}
        <span className="quiet">
          <Moment at={at} />
        </span>
      </span>
    </p>
  ));
}

function Standing({ release }: { readonly release: ReleaseView }) {
  const { t } = useTranslation();
  const { serving, verifiedIn } = release;
  return (
    <dl className="release-standing">
      <div>
        <dt>{t('releases.serves')}</dt>
        <dd>
          {serving.length === 0 ? <span className="quiet">{t('releases.nowhere')}</span> : null}
          {serving.map((environment) => (
            <Chip key={environment} tone="plain" icon={Anchor}>
              {environment}
            </Chip>
          ))}
        </dd>
      </div>
      <div>
        <dt>{t('releases.verifiedIn')}</dt>
        <dd>
          {verifiedIn.length === 0 ? (
            <span className="quiet with-icon">
              <CircleDashed aria-hidden="true" />
              {t('releases.notVerified')}
            </span>
          ) : null}
          {[...new Set(verifiedIn)].map((environment) => (
            <Chip key={environment} tone="good" icon={CircleCheck}>
              {environment}
            </Chip>
          ))}
        </dd>
      </div>
    </dl>
  );
}
