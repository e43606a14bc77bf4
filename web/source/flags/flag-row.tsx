import {
  CalendarClock,
  ChevronDown,
  CircleOff,
  Power,
  ShieldCheck,
  Split,
  ToggleLeft,
  ToggleRight,
  TriangleAlert,
  Undo2,
} from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { FlagView } from '../../../src/capabilities/flags/flags-api.ts';
import { useMay } from '../actions/action-buttons.tsx';
import { formatMoment } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { Chip } from '../parts/chip.tsx';
import { Moment } from '../parts/moment.tsx';
import { usePersonName } from '../parts/use-person-name.ts';
import type { FlagWish } from './flag-dialogs.tsx';
import { FlagHistory } from './flag-history.tsx';
import { isAsReleased, sharesOf } from './flag-shares.ts';
import { VariantShares } from './variant-shares.tsx';

interface FlagRowProps {
  readonly flag: FlagView;
  readonly place: { readonly app: string; readonly environment: string };
  readonly onWish: (wish: FlagWish) => void;
}

export function FlagRow({ flag, place, onWish }: FlagRowProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <li className="row flag" data-on={flag.isOn}>
      <div className="row-what">
        <h2 className="row-name">
          <code>{flag.flag}</code>
        </h2>
        <p className="row-chips">
          <OnChip flag={flag} />
          <Schedule flag={flag} />
          {flag.guard.length === 0 ? null : (
            <Chip tone="plain" icon={ShieldCheck} title={t('flags.guardHint')}>
              {t('flags.guard', { signals: flag.guard.join(', ') })}
            </Chip>
          )}
        </p>
      </div>
      <div className="row-value">
        <WhoGetsWhat flag={flag} />
        <Changed flag={flag} />
        {flag.notes.map((note) => (
          <p key={note} className="flag-note">
            <TriangleAlert aria-hidden="true" />
            {note}
          </p>
        ))}
        <details className="flag-history" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary aria-label={t('flags.historyOf', { flag: flag.flag })}>
            {t('flags.history')}
            <ChevronDown aria-hidden="true" className="step-arrow" />
          </summary>
          {isOpen ? <FlagHistory place={place} flag={flag.flag} /> : null}
        </details>
      </div>
      <FlagButtons flag={flag} onWish={onWish} />
    </li>
  );
}

function OnChip({ flag }: { readonly flag: FlagView }) {
  const { t } = useTranslation();
  return flag.isOn ? (
    <Chip tone="good" icon={ToggleRight}>
      {t('flags.on')}
    </Chip>
  ) : (
    <Chip tone={flag.offBy === 'state' ? 'moving' : 'plain'} icon={ToggleLeft}>
      {t(`flags.offBy.${flag.offBy ?? 'definition'}`)}
    </Chip>
  );
}

function Schedule({ flag: { from, until } }: { readonly flag: FlagView }) {
  const { t } = useTranslation();
  const language = useLocale();
  if (from === null && until === null) return null;
  const words = [
    from === null ? null : t('flags.from', { time: formatMoment(from, language) }),
    until === null ? null : t('flags.until', { time: formatMoment(until, language) }),
  ];
  return (
    <Chip tone="plain" icon={CalendarClock}>
      {words.filter((word) => word !== null).join(' ')}
    </Chip>
  );
}

function WhoGetsWhat({ flag }: { readonly flag: FlagView }) {
  const { t } = useTranslation();
  if (!flag.isOn) {
    return (
      <p>
        {t('flags.offGives')} <code>{flag.offVariant ?? t('flags.codeDefault')}</code>
      </p>
    );
  }
  return (
    <>
      <VariantShares shares={sharesOf(flag)} />
      {flag.hasRule ? <p className="quiet">{t('flags.hasRule')}</p> : null}
    </>
  );
}

/** Who has said what holds, when, and whether anybody asks for it. */
function Changed({ flag }: { readonly flag: FlagView }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const { live, release, usedAt } = flag;
  return (
    <p className="quiet flag-facts">
      {live === null || isAsReleased(live) ? (
        <span>{t('flags.asReleased', { release })}</span>
      ) : (
        <span>
          {t('flags.changedBy', { by: nameOf(live.changedBy.id) })} <Moment at={live.changedAt} />
        </span>
      )}
      <span>
        {usedAt === null ? (
          t('flags.neverUsed')
        ) : (
          <>
            {t('flags.used')} <Moment at={usedAt} />
          </>
        )}
      </span>
    </p>
  );
}

/** The switch comes first: it is what somebody looks for when something goes wrong. */
function FlagButtons({ flag, onWish }: Pick<FlagRowProps, 'flag' | 'onWish'>) {
  const { t } = useTranslation();
  const may = useMay();
  if (!may('operate')) return null;
  const name = flag.flag;
  return (
    <div className="buttons row-buttons">
      <button
        type="button"
        className="button"
        aria-label={t(flag.isOn ? 'flags.switchOffWhat' : 'flags.switchOnWhat', { flag: name })}
        onClick={() => onWish({ kind: 'switch', flag, to: flag.isOn ? 'off' : 'on' })}
      >
        {flag.isOn ? <CircleOff aria-hidden="true" /> : <Power aria-hidden="true" />}
        {t(flag.isOn ? 'flags.switchOff' : 'flags.switchOn')}
      </button>
      {flag.variants.length < 2 ? null : (
        <button
          type="button"
          className="button"
          aria-label={t('flags.divideWhat', { flag: name })}
          onClick={() => onWish({ kind: 'divide', flag })}
        >
          <Split aria-hidden="true" />
          {t('flags.divide')}
        </button>
      )}
      {flag.live === null || isAsReleased(flag.live) ? null : (
        <button
          type="button"
          className="tool"
          title={t('flags.reset')}
          aria-label={t('flags.resetWhat', { flag: name })}
          onClick={() => onWish({ kind: 'reset', flag })}
        >
          <Undo2 aria-hidden="true" />
        </button>
      )}
    </div>
  );
}
