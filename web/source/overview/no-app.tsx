import { useTranslation } from 'react-i18next';
import { CopyCommand } from '../parts/copy-command.tsx';

/** Nothing has been deployed yet: what to type. */
export function NoApp() {
  const { t } = useTranslation();
  return (
    <section className="empty">
      <h1>{t('empty.noApp')}</h1>
      <p>{t('empty.noAppIntro')}</p>
      <ol className="empty-steps">
        <li>
          <CopyCommand command="npx lotse init" />
          <span className="quiet">{t('empty.noAppInit')}</span>
        </li>
        <li>
          <CopyCommand command="npx lotse deploy production" />
          <span className="quiet">{t('empty.noAppDeploy')}</span>
        </li>
      </ol>
    </section>
  );
}

export function NoEnvironment() {
  const { t } = useTranslation();
  return (
    <section className="empty">
      <h2>{t('empty.noEnvironment')}</h2>
      <p>{t('empty.noEnvironmentIntro')}</p>
      <CopyCommand command="npx lotse deploy" />
    </section>
  );
}
