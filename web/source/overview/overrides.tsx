import { ShieldAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { EnvironmentViewModel } from '../../../src/capabilities/releases/releases-api.ts';
import { usePersonName } from '../parts/use-person-name.ts';

/** Gates that a named person has passed stay visible until the next release. */
export function Overrides({ overrides }: { readonly overrides: EnvironmentViewModel['overrides'] }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  if (overrides.length === 0) return null;
  return (
    <div className="overrides">
      <h3 className="label">{t('overview.overridden')}</h3>
      <ul>
        {overrides.map(({ gate, by, reason, at }) => (
          <li key={`${gate}/${at}`}>
            <ShieldAlert aria-hidden="true" />
            {t('overview.overrideLine', { gate, by: nameOf(by), reason })}
          </li>
        ))}
      </ul>
    </div>
  );
}
