import { Globe, Hammer } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { ReleaseView } from '../../../src/capabilities/releases/releases-api.ts';
import { formatMoment } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { CopyCommand } from '../parts/copy-command.tsx';
import { Fact } from '../parts/fact.tsx';

/** What it consists of: the same wherever it goes. */
export function ReleaseContents({ release }: { readonly release: ReleaseView }) {
  const { t } = useTranslation();
  const language = useLocale();
  return (
    <section aria-labelledby="contents-title" className="release-contents">
      <h2 id="contents-title" className="label">
        {t('releases.contents')}
      </h2>
      <ul>
        {release.services.map(({ service, kind, instances }) => (
          <li key={service} className="service">
            <span className="service-name">
              {kind === 'web' ? <Globe aria-hidden="true" /> : <Hammer aria-hidden="true" />}
              {service}
              <span className="only-read">{t(`service.${kind}`)}</span>
            </span>
            <span className="service-count">{t('releases.instances', { count: instances })}</span>
          </li>
        ))}
      </ul>
      <dl className="facts">
        <Fact name={t('releases.builtAt')}>{formatMoment(release.createdAt, language)}</Fact>
        <Fact name={t('releases.commit')}>
          <CopyCommand command={release.commit} />
        </Fact>
        <Fact name={t('releases.artifact')}>
          <CopyCommand command={release.artifact} />
        </Fact>
      </dl>
    </section>
  );
}
