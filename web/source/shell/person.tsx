import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { LogOut, UserRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { callApi } from '../api/call-api.ts';
import { meQuery } from '../api/queries.ts';

/** Who is signed in, and the way out. */
export function Person() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const me = useQuery(meQuery).data;
  const signOut = useMutation({
    mutationFn: () => callApi('DELETE /session'),
    onSettled: () => queries.resetQueries(),
  });
  if (me === undefined) return null;
  return (
    <>
      <Link href="/access" className="person-link" aria-label={`${t('access.nav.account')}: ${me.name}`}>
        <UserRound aria-hidden="true" />
        <span className="person">{me.name}</span>
      </Link>
      <button
        type="button"
        className="tool"
        aria-label={t('nav.signOut')}
        title={t('nav.signOut')}
        onClick={() => signOut.mutate()}
      >
        <LogOut aria-hidden="true" />
      </button>
    </>
  );
}
