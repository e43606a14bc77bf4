import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { callApi } from '../api/call-api.ts';
import { CopyCommand } from '../parts/copy-command.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { PilotBoat } from '../rollout/pilot-boat.tsx';
import { BrandMark } from '../shell/brand-mark.tsx';
import { LanguageSwitch, ThemeSwitch } from '../shell/switches.tsx';
import { PasskeySignIn } from './passkey-sign-in.tsx';
import { PasswordSignIn } from './password-sign-in.tsx';
import { useSignedIn } from './use-signed-in.ts';

/** `/sign-in#<secret>` signs in at once; without a secret by passkey or password. */
export function SignInPage() {
  const { t } = useTranslation();
  const signIn = useLinkSignIn();
  const isBusy = signIn.isPending || signIn.isSuccess;
  return (
    <div className="harbour">
      <div className="harbour-tools">
        <LanguageSwitch />
        <ThemeSwitch />
      </div>
      <span className="harbour-boat">
        <PilotBoat />
      </span>
      <main className="harbour-card">
        <p className="brand">
          <BrandMark />
          <span>Lotse</span>
        </p>
        <h1>{t('access.signIn.title')}</h1>
        {signIn.error === null ? null : <ProblemNotice error={signIn.error} />}
        {isBusy ? <output>{t('access.signIn.busy')}</output> : <Ways isOpen={signIn.isError} />}
      </main>
    </div>
  );
}

function Ways({ isOpen }: { readonly isOpen: boolean }) {
  const { t } = useTranslation();
  return (
    <>
      <PasskeySignIn />
      <PasswordSignIn />
      <details className="sign-in-link" open={isOpen}>
        <summary>{t('access.signIn.link')}</summary>
        <p>{t('access.signIn.how')}</p>
        <CopyCommand command="npx lotse sign-in" />
        <p className="quiet">{t('access.signIn.other')}</p>
      </details>
    </>
  );
}

/** The secret counts once: it leaves the address bar and the history before it is used. */
function useLinkSignIn() {
  const onSuccess = useSignedIn();
  const signIn = useMutation({
    mutationFn: (link: string) => callApi('POST /session', { json: { link } }),
    onSuccess,
  });
  const { mutate } = signIn;
  useEffect(() => {
    const take = () => {
      const link = location.hash.slice(1);
      if (link === '') return;
      history.replaceState(null, '', location.pathname);
      mutate(link);
    };
    take();
    // A link that is opened where this page is open already loads nothing anew.
    addEventListener('hashchange', take);
    return () => removeEventListener('hashchange', take);
  }, [mutate]);
  return signIn;
}
