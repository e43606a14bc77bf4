import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { callApi } from '../api/call-api.ts';
import { CopyCommand } from '../parts/copy-command.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { PilotBoat } from '../rollout/pilot-boat.tsx';
import { BrandMark } from '../shell/brand-mark.tsx';
import { LanguageSwitch, ThemeSwitch } from '../shell/switches.tsx';

/** `/sign-in#<secret>` signs in at once; without a secret it says how to get one. */
export function SignInPage() {
  const { t } = useTranslation();
  const signIn = useSignIn();
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
        <h1>{t('signIn.title')}</h1>
        {signIn.error === null ? null : <ProblemNotice error={signIn.error} />}
        {signIn.isPending || signIn.isSuccess ? <output>{t('signIn.busy')}</output> : <HowToGetLink />}
      </main>
    </div>
  );
}

function HowToGetLink() {
  const { t } = useTranslation();
  return (
    <>
      <p>{t('signIn.intro')}</p>
      <p>{t('signIn.how')}</p>
      <CopyCommand command="npx lotse sign-in" />
      <p className="quiet">{t('signIn.other')}</p>
    </>
  );
}

/** The secret counts once: it leaves the address bar and the history before it is used. */
function useSignIn() {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const hasBegun = useRef(false);
  const signIn = useMutation({
    mutationFn: (link: string) => callApi('POST /session', { json: { link } }),
    async onSuccess() {
      await queries.resetQueries();
      navigate('/', { replace: true });
    },
  });
  const { mutate } = signIn;
  useEffect(() => {
    const link = location.hash.slice(1);
    if (hasBegun.current || link === '') return;
    hasBegun.current = true;
    history.replaceState(null, '', location.pathname);
    mutate(link);
  }, [mutate]);
  return signIn;
}
