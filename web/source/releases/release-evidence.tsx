import { useQuery } from '@tanstack/react-query';
import { BadgeCheck } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type {
  EnvironmentViewModel,
  EvidenceView,
  ReleaseView,
} from '../../../src/capabilities/releases/releases-api.ts';
import { evidenceQuery } from '../api/settings-queries.ts';
import { formatMoment } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Moment } from '../parts/moment.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { useNamedText, usePersonName } from '../parts/use-person-name.ts';

interface ReleaseEvidenceProps {
  readonly release: ReleaseView;
  readonly places: readonly EnvironmentViewModel[];
}

/** All that was proven of it: by whom or what, when, until when. Evidence names the release, whichever place asks. */
export function ReleaseEvidence({ release, places }: ReleaseEvidenceProps) {
  const place = places[0];
  return place === undefined ? null : <EvidenceList release={release} environment={place.environment} />;
}

function EvidenceList({ release, environment }: { readonly release: ReleaseView; readonly environment: string }) {
  const { t } = useTranslation();
  const query = useQuery(evidenceQuery({ app: release.app, environment }, release.id));
  return (
    <section aria-labelledby="evidence-title" className="block">
      <h2 id="evidence-title" className="label">
        {t('releases.evidence')}
      </h2>
      <Loaded query={query} skeleton={<Skeleton lines={3} />}>
        {(list) =>
          list.length === 0 ? (
            <p className="quiet">{t('releases.noEvidence')}</p>
          ) : (
            <ul className="rows">
              {list
                .toSorted((left, right) => right.at - left.at)
                .map((evidence) => (
                  <EvidenceRow key={evidence.id} evidence={evidence} />
                ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

function EvidenceRow({ evidence }: { readonly evidence: EvidenceView }) {
  const { t } = useTranslation();
  const language = useLocale();
  const nameOf = usePersonName();
  const named = useNamedText();
  const { gate, summary, by, at, until, hash } = evidence;
  return (
    <li className="row">
      <div className="row-what">
        <h3 className="row-name with-icon">
          <BadgeCheck aria-hidden="true" />
          <code>{gate}</code>
        </h3>
      </div>
      <div className="row-value">
        <p>{named(summary)}</p>
        <p className="quiet">
          {t('journal.by', { actor: nameOf(by) })}, <Moment at={at} />
          {until === null ? '' : `, ${t('flags.until', { time: formatMoment(until, language) })}`}{' '}
          <code title={hash}>{hash.slice(0, 16)}</code>
        </p>
      </div>
    </li>
  );
}
