import { useMutation } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '../api/parse-answers.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { useSignedIn } from './use-signed-in.ts';

/** A form as browsers and password managers know it. */
export function PasswordSignIn() {
  const { t } = useTranslation();
  const id = useId();
  const onSuccess = useSignedIn();
  const [who, setWho] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useMutation({
    mutationFn: () => ask('POST /session/password', { json: { who, password } }),
    onSuccess,
  });
  return (
    <form
      className="sign-in-form"
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate();
      }}
    >
      <p className="sign-in-or">{t('access.signIn.or')}</p>
      <div className="field">
        <label htmlFor={`${id}-who`}>{t('access.signIn.who')}</label>
        <input
          id={`${id}-who`}
          name="username"
          autoComplete="username"
          required
          value={who}
          onChange={(event) => setWho(event.target.value)}
        />
      </div>
      <div className="field">
        <label htmlFor={`${id}-password`}>{t('access.signIn.password')}</label>
        <input
          id={`${id}-password`}
          name="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </div>
      {signIn.error === null ? null : <ProblemNotice error={signIn.error} />}
      <button type="submit" className="button sign-in-button" disabled={signIn.isPending}>
        {signIn.isPending ? t('access.signIn.busy') : t('access.signIn.submit')}
      </button>
    </form>
  );
}
