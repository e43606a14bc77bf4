import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { SettingsVersionView } from '../../../src/capabilities/config/config-api.ts';
import { configHistoryQuery } from '../api/settings-queries.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Moment } from '../parts/moment.tsx';
import { Skeleton } from '../parts/skeleton.tsx';

/** Every change of what was set here, the newest first. */
export function ConfigHistory({ app, environment }: { readonly app: string; readonly environment: string }) {
  const { t } = useTranslation();
  const query = useQuery(configHistoryQuery({ app, environment }));
  return (
    <section className="block" aria-labelledby="history-title">
      <h2 id="history-title" className="label">
        {t('config.history')}
      </h2>
      <Loaded query={query} skeleton={<Skeleton lines={3} />}>
        {(versions) =>
          versions.length === 0 ? (
            <p className="quiet">{t('config.noHistory')}</p>
          ) : (
            <ol className="versions">
              {versions.map((version) => (
                <Version key={version.version} version={version} />
              ))}
            </ol>
          )
        }
      </Loaded>
    </section>
  );
}

function Version({ version: { version, at, by, reason, changes } }: { readonly version: SettingsVersionView }) {
  const { t } = useTranslation();
  return (
    <li className="version">
      <p>
        <b className="version-number">{t('config.version', { version })}</b>{' '}
        <span className="quiet">
          {t('journal.by', { actor: by })}, <Moment at={at} />
          {reason === null ? null : `: “${reason}”`}
        </span>
      </p>
      <ul className="version-changes">
        {changes.map(({ variable, service, from, to }) => (
          <li key={`${service ?? ''}/${variable}`}>
            <code>{service === null ? variable : `${service}: ${variable}`}</code>
            <Change from={from} to={to} />
          </li>
        ))}
      </ul>
    </li>
  );
}

/** From one text to another; what is not there has a word of its own. */
function Change({ from, to }: { readonly from: string | null; readonly to: string | null }) {
  const { t } = useTranslation();
  return (
    <span className="change">
      {from === null ? <span className="quiet">{t('config.notSet')}</span> : <del>{from}</del>}
      <span aria-hidden="true">→</span>
      <span className="only-read">{t('config.becomes')}</span>
      {to === null ? <span className="quiet">{t('config.notSet')}</span> : <ins>{to}</ins>}
    </span>
  );
}
