import { useQuery } from '@tanstack/react-query';
import { LockKeyhole, LockKeyholeOpen } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { CertificateView } from '../../../src/capabilities/certificates/certificates-api.ts';
import type { EnvironmentViewModel } from '../../../src/capabilities/releases/releases-api.ts';
import { certificatesQuery } from '../api/queries.ts';
import { formatDay, formatMoment } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { useNow } from '../parts/use-now.ts';
import { concernOf } from './certificate-state.ts';

/** Certificates of an environment: one quiet line while all is well, a loud one for each that is not. */
export function Certificates({ environment }: { readonly environment: EnvironmentViewModel }) {
  const now = useNow(60_000);
  const all = useQuery(certificatesQuery(environment.app)).data?.certificates ?? [];
  const own = all.filter((each) => each.app === environment.app && each.environment === environment.environment);
  const troubled = own.filter((each) => concernOf(each, now) !== null);
  if (own.length === 0) return null;
  return (
    <ul className="certificates">
      {troubled.length === 0 ? <AllWell certificates={own} /> : null}
      {troubled.map((each) => (
        <Troubled key={each.name} certificate={each} now={now} />
      ))}
    </ul>
  );
}

function AllWell({ certificates }: { readonly certificates: readonly CertificateView[] }) {
  const { t } = useTranslation();
  const language = useLocale();
  const until = Math.min(...certificates.map(({ validUntil }) => validUntil ?? Infinity));
  if (!Number.isFinite(until)) return null;
  return (
    <li className="quiet" title={certificates.flatMap(({ names }) => names).join(', ')}>
      <LockKeyhole aria-hidden="true" />
      <span>{t('overview.certificate.fine', { day: formatDay(until, language) })}</span>
    </li>
  );
}

function Troubled({ certificate, now }: { readonly certificate: CertificateView; readonly now: number }) {
  const { t } = useTranslation();
  const language = useLocale();
  const { name, validUntil, problem, hint, nextTryAt } = certificate;
  const concern = concernOf(certificate, now) ?? 'soon';
  const until = validUntil === null ? '–' : formatMoment(validUntil, language);
  const next =
    nextTryAt === null ? null : t('overview.certificate.nextTry', { time: formatMoment(nextTryAt, language) });
  return (
    <li data-concern={concern}>
      <LockKeyholeOpen aria-hidden="true" />
      <span>
        <b>{t(`overview.certificate.${concern}`, { name, until })}</b>{' '}
        {[problem, hint, next].filter((each) => each !== null).join(' ')}
      </span>
    </li>
  );
}
