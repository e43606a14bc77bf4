import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { FlagHistoryView, LiveStateView } from '../../../src/capabilities/flags/flags-api.ts';
import { flagQuery } from '../api/settings-queries.ts';
import { formatPermille } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Moment } from '../parts/moment.tsx';
import { Skeleton } from '../parts/skeleton.tsx';

interface FlagHistoryProps {
  readonly place: { readonly app: string; readonly environment: string };
  readonly flag: string;
}

/** All that people have said about a flag here, the newest first. */
export function FlagHistory({ place, flag }: FlagHistoryProps) {
  const { t } = useTranslation();
  const query = useQuery(flagQuery(place, flag));
  return (
    <Loaded query={query} skeleton={<Skeleton lines={2} />}>
      {({ versions }) =>
        versions.length === 0 ? (
          <p className="quiet">{t('flags.noHistory')}</p>
        ) : (
          <ol className="versions">
            {versions
              .toSorted((left, right) => right.version - left.version)
              .map((version) => (
                <Version key={version.version} version={version} />
              ))}
          </ol>
        )
      }
    </Loaded>
  );
}

function Version({ version }: { readonly version: FlagHistoryView['versions'][number] }) {
  const { t } = useTranslation();
  const said = useSaid();
  return (
    <li className="version">
      <b className="version-number">{t('config.version', { version: version.version })}</b> {said(version)}{' '}
      <span className="quiet">
        {t('journal.by', { actor: version.by })}, <Moment at={version.changedAt} />
        {version.reason === null ? null : `: “${version.reason}”`}
      </span>
    </li>
  );
}

function useSaid(): (state: LiveStateView) => string {
  const { t } = useTranslation();
  const language = useLocale();
  return ({ switched, defaultVariant, percentages }) => {
    const words = [
      switched === null ? null : t(`flags.said.${switched}`),
      defaultVariant === null ? null : t('flags.said.default', { variant: defaultVariant }),
      ...(percentages ?? []).map(({ variant, percent }) => `${formatPermille(percent * 10, language)} ${variant}`),
    ].filter((word) => word !== null);
    return words.length === 0 ? t('flags.said.asReleased') : words.join(', ');
  };
}
