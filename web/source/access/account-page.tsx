import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { LogIn } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { OwnAccessView } from '../../../src/capabilities/accounts/sign-in-api.ts';
import { callApi } from '../api/call-api.ts';
import { meQuery } from '../api/queries.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { ownAccessQuery } from './access-queries.ts';
import { PageHead } from './page-head.tsx';
import { PasskeyPanel } from './passkey-panel.tsx';
import { PasswordPanel } from './password-panel.tsx';
import { RoleMarks } from './role-marks.tsx';
import { SessionPanel } from './session-panel.tsx';

/** How somebody signs in, and where they are signed in. */
export function AccountPage() {
  const { t } = useTranslation();
  const query = useQuery(ownAccessQuery);
  const me = useQuery(meQuery).data;
  return (
    <>
      <PageHead title={me?.name ?? t('access.account.title')} intro={t('access.account.intro')}>
        <RoleMarks roles={me?.roles ?? []} />
      </PageHead>
      <Loaded query={query} skeleton={<Skeleton lines={9} />}>
        {(own) => (
          <>
            <Standing own={own} />
            <div className="access-panels">
              <PasskeyPanel own={own} />
              <PasswordPanel own={own} />
              <SessionPanel sessions={own.sessions} />
            </div>
          </>
        )}
      </Loaded>
    </>
  );
}

/** What stands in the way, or what to do first. */
function Standing({ own }: { readonly own: OwnAccessView }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const signOut = useMutation({
    mutationFn: () => callApi('DELETE /session'),
    onSettled: () => queries.resetQueries(),
  });
  if (!own.isFresh) {
    return (
      <div className="notice">
        <p>{t('access.account.stale')}</p>
        <button type="button" className="button" onClick={() => signOut.mutate()}>
          <LogIn aria-hidden="true" />
          {t('access.account.again')}
        </button>
      </div>
    );
  }
  const isFirst = own.passkeys.length === 0 && own.passwordSince === null;
  return isFirst ? <p className="notice">{t('access.account.first')}</p> : null;
}
