import { useId } from 'react';
import { useTranslation } from 'react-i18next';

interface ReasonFieldProps {
  readonly isRequired: boolean;
  readonly isMissing: boolean;
  readonly value: string;
  readonly onChange: (reason: string) => void;
}

const longestReason = 2_000;

/** Why: it goes into the journal as it is written. */
export function ReasonField({ isRequired, isMissing, value, onChange }: ReasonFieldProps) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>
        {t('action.reason')} {isRequired ? null : <span className="quiet">({t('action.reasonOptional')})</span>}
      </label>
      <textarea
        id={id}
        rows={2}
        maxLength={longestReason}
        required={isRequired}
        aria-invalid={isMissing}
        aria-describedby={`${id}-hint`}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      <p id={`${id}-hint`} className="quiet" role={isMissing ? 'alert' : undefined}>
        {isMissing ? t('action.reasonMissing') : t('action.reasonHint')}
      </p>
    </div>
  );
}

interface BlameChoiceProps {
  readonly isToBlame: boolean;
  readonly onChange: (isToBlame: boolean) => void;
}

export function BlameChoice({ isToBlame, onChange }: BlameChoiceProps) {
  const { t } = useTranslation();
  return (
    <label className="choice">
      <input type="checkbox" checked={isToBlame} onChange={(event) => onChange(event.target.checked)} />
      <span>
        {t('action.rollBack.blame')}
        <span className="quiet">{t('action.rollBack.blameHint')}</span>
      </span>
    </label>
  );
}
