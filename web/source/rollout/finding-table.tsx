import { useTranslation } from 'react-i18next';
import type { JudgedView } from '../../../src/capabilities/releases/judgement-api.ts';
import { formatCount, formatDuration, formatRate } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';

type Finding = JudgedView['findings'][number];

/** What was counted of each side, and how far the evidence is. */
export function FindingTable({ findings }: { readonly findings: readonly Finding[] }) {
  const { t } = useTranslation();
  if (findings.length === 0) return null;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so keys must reach it
    <section className="findings" tabIndex={0} aria-label={t('judge.title')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('judge.metric')}</th>
            <th scope="col">{t('judge.new')}</th>
            <th scope="col">{t('judge.old')}</th>
            <th scope="col">{t('judge.verdict')}</th>
          </tr>
        </thead>
        <tbody>
          {findings.map((finding) => (
            <Row key={`${finding.service} ${finding.metric} ${finding.thresholdMs}`} finding={finding} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ finding }: { readonly finding: Finding }) {
  const { t } = useTranslation();
  const language = useLocale();
  const { service, metric, thresholdMs, counted, verdict } = finding;
  const after = thresholdMs === null ? '' : formatDuration(thresholdMs, language);
  const of = service === null ? '' : `${service}: `;
  return (
    <tr data-verdict={verdict}>
      <th scope="row">
        {of}
        {t(`judge.metrics.${metric}`, { after })}
      </th>
      <td>{counts(counted.new)}</td>
      <td>{counts(counted.old)}</td>
      <td>{t(`judge.${verdict}`)}</td>
    </tr>
  );

  function counts({ requests, events }: Finding['counted']['new']): string {
    const all = formatCount(requests, language);
    if (metric === 'durations') return t('judge.requests', { all });
    if (requests === 0) return t('judge.nobody');
    return t('judge.partOf', { part: formatRate(events / requests, language), all });
  }
}
