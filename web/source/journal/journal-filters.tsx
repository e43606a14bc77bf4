import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { environmentsQuery } from '../api/queries.ts';
import { orderEnvironments } from '../overview/order-environments.ts';
import { SearchField } from '../parts/search-field.tsx';
import { eventKinds, type EventKind } from './filter-events.ts';

export interface JournalWish {
  readonly environment: string | null;
  readonly kind: EventKind;
  readonly search: string;
}

interface JournalFiltersProps {
  readonly app: string;
  readonly wish: JournalWish;
  readonly onChange: (wish: JournalWish) => void;
}

export function JournalFilters({ app, wish, onChange }: JournalFiltersProps) {
  const { t } = useTranslation();
  const environments = orderEnvironments(useQuery(environmentsQuery(app)).data ?? []);
  const places = [null, ...environments.map((each) => each.environment)];
  return (
    <div className="filters">
      <SearchField
        label={t('journal.search')}
        value={wish.search}
        onChange={(search) => onChange({ ...wish, search })}
      />
      <fieldset className="segments" aria-label={t('journal.environment')}>
        {places.map((environment) => (
          <button
            key={environment ?? ''}
            type="button"
            aria-pressed={environment === wish.environment}
            onClick={() => onChange({ ...wish, environment })}
          >
            {environment ?? t('journal.all')}
          </button>
        ))}
      </fieldset>
      <fieldset className="segments" aria-label={t('journal.kind')}>
        {eventKinds.map((kind) => (
          <button
            key={kind}
            type="button"
            aria-pressed={kind === wish.kind}
            onClick={() => onChange({ ...wish, kind })}
          >
            {t(`journal.kinds.${kind}`)}
          </button>
        ))}
      </fieldset>
    </div>
  );
}
