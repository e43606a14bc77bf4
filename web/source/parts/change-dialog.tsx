import { useMutation, useQueryClient } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ReasonField } from '../actions/action-fields.tsx';
import { keys } from '../api/query-keys.ts';
import { ProblemNotice } from './problem-notice.tsx';

interface ChangeDialogProps {
  /** Left out: what is changed belongs to no app, and `perform` asks anew for what is shown of it. */
  readonly app?: string;
  readonly title: string;
  /** What will happen, one sentence a line. */
  readonly what: string;
  /** On the button that does it. */
  readonly confirm: string;
  readonly isDangerous?: boolean;
  /** False: a field still wants something. */
  readonly isReady?: boolean;
  /** `none`: the control plane keeps no reason for it. */
  readonly reason?: 'optional' | 'none';
  readonly perform: (reason: string | null) => Promise<unknown>;
  readonly onClose: () => void;
  /** Fields, between what will happen and the reason. */
  readonly children?: ReactNode;
}

/** Says what a change will do, asks why, and does it. Afterwards all that an environment runs with is asked anew. */
export function ChangeDialog(props: ChangeDialogProps) {
  const { t } = useTranslation();
  const titleId = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={titleId} onClose={props.onClose}>
      <header className="dialog-head">
        <h2 id={titleId}>{props.title}</h2>
        <button type="button" className="tool" aria-label={t('action.close')} onClick={props.onClose}>
          <X aria-hidden="true" />
        </button>
      </header>
      <h3 className="label">{t('action.what')}</h3>
      <ul className="dialog-what">
        {props.what.split('\n').map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <ChangeForm {...props} />
    </dialog>
  );
}

function ChangeForm({ app, confirm, reason: asks = 'optional', ...props }: ChangeDialogProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const perform = useMutation({
    mutationFn: () => props.perform(reason.trim() === '' ? null : reason.trim()),
    onSuccess() {
      if (app !== undefined) void queries.invalidateQueries({ queryKey: keys.settings(app) });
      props.onClose();
    },
  });
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (props.isReady !== false) perform.mutate();
      }}
    >
      {props.children}
      {asks === 'none' ? null : (
        <ReasonField isRequired={false} isMissing={false} value={reason} onChange={setReason} />
      )}
      {perform.error === null ? null : <ProblemNotice error={perform.error} />}
      <footer className="dialog-foot">
        <button type="button" className="button" onClick={props.onClose}>
          {t('action.cancel')}
        </button>
        <button
          type="submit"
          className="button"
          data-look={props.isDangerous === true ? 'danger' : 'primary'}
          disabled={perform.isPending || props.isReady === false}
        >
          {perform.isPending ? t('action.busy') : confirm}
        </button>
      </footer>
    </form>
  );
}
