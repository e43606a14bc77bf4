import { Pencil, RotateCcw, Ship } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { ConfigValueView, ConfigView, ValueSource } from '../../../src/capabilities/config/config-api.ts';
import { useMay } from '../actions/action-buttons.tsx';
import { Chip } from '../parts/chip.tsx';
import { Moment } from '../parts/moment.tsx';
import type { ConfigWish } from './config-dialog.tsx';

interface ConfigTableProps {
  readonly config: ConfigView;
  readonly onWish: (wish: ConfigWish) => void;
}

export function ConfigTable({ config, onWish }: ConfigTableProps) {
  const { t } = useTranslation();
  if (config.values.length === 0 && config.undeclared.length === 0) {
    return (
      <section className="empty">
        <h2>{t('config.empty')}</h2>
        <p>{t('config.emptyHint')}</p>
      </section>
    );
  }
  return (
    <>
      <ul className="rows">
        {config.values.map((value) => (
          <ValueRow key={`${value.service ?? ''}/${value.variable}`} value={value} onWish={onWish} />
        ))}
      </ul>
      <Undeclared config={config} onWish={onWish} />
    </>
  );
}

function ValueRow({ value, onWish }: { readonly value: ConfigValueView; readonly onWish: ConfigTableProps['onWish'] }) {
  const { t } = useTranslation();
  const may = useMay();
  const { variable, service, source } = value;
  return (
    <li className="row" data-missing={source.kind === 'missing'}>
      <div className="row-what">
        <h2 className="row-name">
          <code>{variable}</code>
          {service === null ? null : <span className="event-place">{service}</span>}
        </h2>
        {value.description === null ? null : <p className="quiet">{value.description}</p>}
      </div>
      <div className="row-value">
        {value.value === null ? <b className="missing">{t('config.missing')}</b> : <code>{value.value}</code>}
        <p className="quiet">
          <Source source={source} />
        </p>
        {value.differs ? <Runs value={value} /> : null}
      </div>
      {may('configure') ? (
        <div className="buttons row-buttons">
          <button
            type="button"
            className="button"
            aria-label={t('config.setWhat', { variable })}
            onClick={() => onWish({ kind: 'set', value })}
          >
            <Pencil aria-hidden="true" />
            {t('config.set')}
          </button>
          {source.kind === 'set' ? (
            <button
              type="button"
              className="button"
              aria-label={t('config.unsetWhat', { variable })}
              onClick={() => onWish({ kind: 'unset', value })}
            >
              <RotateCcw aria-hidden="true" />
              {t('config.unset')}
            </button>
          ) : null}
        </div>
      ) : null}
    </li>
  );
}

/** Who or what says so. */
function Source({ source }: { readonly source: ValueSource }) {
  const { t } = useTranslation();
  switch (source.kind) {
    case 'set':
      return (
        <>
          {t('config.source.set', { by: source.by })}, <Moment at={source.at} />
          {source.reason === null ? null : `: “${source.reason}”`}
        </>
      );
    case 'environment':
      return t('config.source.environment', { place: source.place, line: source.line });
    case 'default':
      return t('config.source.default', { line: source.line });
    case 'missing':
      return t('config.source.missing', { line: source.line });
  }
}

function Runs({ value }: { readonly value: ConfigValueView }) {
  const { t } = useTranslation();
  return (
    <p className="row-runs">
      <Chip tone="moving" icon={Ship}>
        {t('config.nextRollout')}
      </Chip>
      <span>
        {t('config.runs')} {value.runs === null ? t('config.nothing') : <code>{value.runs}</code>}
      </span>
    </p>
  );
}

/** Set once, declared by no release that is known here: nothing is given them. */
function Undeclared({ config, onWish }: ConfigTableProps) {
  const { t } = useTranslation();
  const may = useMay();
  if (config.undeclared.length === 0) return null;
  return (
    <section className="block" aria-labelledby="undeclared-title">
      <h2 id="undeclared-title" className="label">
        {t('config.undeclared')}
      </h2>
      <ul className="rows">
        {config.undeclared.map((each) => (
          <li key={`${each.service ?? ''}/${each.variable}`} className="row">
            <p className="row-name">
              <code>{each.variable}</code>
            </p>
            <p className="row-value">
              <code>{each.value}</code>
            </p>
            {may('configure') ? (
              <div className="buttons row-buttons">
                <button
                  type="button"
                  className="button"
                  aria-label={t('config.unsetWhat', { variable: each.variable })}
                  onClick={() => onWish({ kind: 'unset', value: each })}
                >
                  <RotateCcw aria-hidden="true" />
                  {t('config.unset')}
                </button>
              </div>
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  );
}
