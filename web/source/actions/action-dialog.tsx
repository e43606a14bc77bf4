import { useMutation, useQueryClient } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { rolloutIdOf } from '../api/parse-answers.ts';
import { keys } from '../api/query-keys.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { appOf, needsReason, shortestReason, type Action, type Words } from './action.ts';
import { BlameChoice, ReasonField } from './action-fields.tsx';
import { performAction } from './perform-action.ts';
import { PlanPreview } from './plan-preview.tsx';
import { useActionWords } from './use-action-words.ts';

interface ActionDialogProps {
  readonly action: Action;
  readonly onClose: () => void;
}

/** Says what will happen, asks why, and does it. */
export function ActionDialog({ action, onClose }: ActionDialogProps) {
  const { t } = useTranslation();
  const titleId = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const words = useActionWords(action);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={titleId} onClose={onClose}>
      <header className="dialog-head">
        <h2 id={titleId}>{words.title}</h2>
        <button type="button" className="tool" aria-label={t('action.close')} onClick={onClose}>
          <X aria-hidden="true" />
        </button>
      </header>
      <h3 className="label">{t('action.what')}</h3>
      <ul className="dialog-what">
        {words.what.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <PlanPreview action={action} />
      <ActionForm action={action} confirm={words.confirm} isDangerous={words.isDangerous} onClose={onClose} />
    </dialog>
  );
}

interface ActionFormProps extends ActionDialogProps {
  readonly confirm: string;
  readonly isDangerous: boolean;
}

function ActionForm({ action, confirm, isDangerous, onClose }: ActionFormProps) {
  const { t } = useTranslation();
  const [words, setWords] = useState<Words>({ reason: '', isToBlame: true });
  const [isTried, setTried] = useState(false);
  const perform = usePerform(action, onClose);
  const isMissing = needsReason(action) && words.reason.trim().length < shortestReason;
  const submit = () => {
    setTried(true);
    if (!isMissing) perform.mutate({ ...words, reason: words.reason.trim() });
  };
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {action.kind === 'turn-back' ? (
        <BlameChoice isToBlame={words.isToBlame} onChange={(isToBlame) => setWords({ ...words, isToBlame })} />
      ) : null}
      <ReasonField
        isRequired={needsReason(action)}
        isMissing={isTried && isMissing}
        value={words.reason}
        onChange={(reason) => setWords({ ...words, reason })}
      />
      {perform.error === null ? null : <ProblemNotice error={perform.error} />}
      <footer className="dialog-foot">
        <button type="button" className="button" onClick={onClose}>
          {t('action.cancel')}
        </button>
        <button
          type="submit"
          className="button"
          data-look={isDangerous ? 'danger' : 'primary'}
          disabled={perform.isPending}
        >
          {perform.isPending ? t('action.busy') : confirm}
        </button>
      </footer>
    </form>
  );
}

function startsRollout({ kind }: Action): boolean {
  return kind === 'deploy' || kind === 'promote' || kind === 'roll-back';
}

/** A new rollout is shown at once; all else shows where the person was. */
function usePerform(action: Action, onClose: () => void) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  return useMutation({
    mutationFn: (words: Words) => performAction(action, words),
    onSuccess(answer) {
      const app = appOf(action);
      void queries.invalidateQueries({ queryKey: keys.app(app) });
      onClose();
      const started = startsRollout(action) ? rolloutIdOf(answer) : null;
      if (started !== null) navigate(`/apps/${app}/rollouts/${started}`);
    },
  });
}
