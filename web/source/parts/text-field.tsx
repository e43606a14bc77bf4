import { useId, type ReactNode } from 'react';

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: ReactNode;
  /** `secret`: dots instead of letters, and nothing that a browser would keep. `lines`: several of them. */
  readonly kind?: 'text' | 'secret' | 'lines' | 'number' | 'date';
  readonly isInvalid?: boolean;
  readonly isFirst?: boolean;
}

const inputTypes = { text: 'text', secret: 'password', number: 'number', date: 'date' } as const;

export function TextField({ label, value, onChange, hint, kind = 'text', isInvalid = false, ...more }: TextFieldProps) {
  const id = useId();
  const shared = {
    id,
    value,
    'aria-invalid': isInvalid,
    'aria-describedby': hint === undefined ? undefined : `${id}-hint`,
    autoComplete: kind === 'secret' ? 'new-password' : 'off',
    spellCheck: false,
    // The field that a dialog was opened for.
    ref: more.isFirst === true ? focusAtFirst : undefined,
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {kind === 'lines' ? (
        <textarea {...shared} rows={3} onChange={(event) => onChange(event.target.value)} />
      ) : (
        <input {...shared} type={inputTypes[kind]} onChange={(event) => onChange(event.target.value)} />
      )}
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className="quiet">
          {hint}
        </p>
      )}
    </div>
  );
}

/** After the dialog has been opened: opening moves the focus too. */
function focusAtFirst(element: HTMLElement | null): void {
  requestAnimationFrame(() => element?.focus());
}
