import { useMutation } from '@tanstack/react-query';
import { Fingerprint } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { addressWithName, passkeyStanding, signInByPasskey } from '../access/passkey-ceremony.ts';
import { PasskeyProblem } from '../access/passkey-problem.tsx';
import { useSignedIn } from './use-signed-in.ts';

export function PasskeySignIn() {
  const { t } = useTranslation();
  const onSuccess = useSignedIn();
  const signIn = useMutation({ mutationFn: signInByPasskey, onSuccess });
  const standing = passkeyStanding();
  if (standing === 'impossible') return null;
  if (standing === 'needs-name') {
    const address = addressWithName();
    return (
      <p className="access-hint">
        <a href={`${address}/sign-in`}>{t('access.signIn.atName', { address })}</a>
      </p>
    );
  }
  return (
    <>
      {signIn.error === null ? null : <PasskeyProblem error={signIn.error} />}
      <button
        type="button"
        className="button sign-in-button"
        data-look="primary"
        disabled={signIn.isPending}
        onClick={() => signIn.mutate()}
      >
        <Fingerprint aria-hidden="true" />
        {signIn.isPending ? t('access.signIn.passkeyBusy') : t('access.signIn.passkey')}
      </button>
    </>
  );
}
