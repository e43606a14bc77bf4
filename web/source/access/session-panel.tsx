import { useMutation, useQueryClient } from '@tanstack/react-query';
import { LogOut, Monitor } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SessionView } from '../../../src/capabilities/accounts/sign-in-api.ts';
import { callApi } from '../api/call-api.ts';
import { keys } from '../api/query-keys.ts';
import { ChangeDialog } from '../parts/change-dialog.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { browserName } from './browser-name.ts';
import { When } from './when.tsx';

export function SessionPanel({ sessions }: { readonly sessions: readonly SessionView[] }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [isEnding, setEnding] = useState(false);
  const end = useMutation({
    mutationFn: (session: string) => callApi('DELETE /me/sessions/:session', { path: { session } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.ownAccess }),
  });
  return (
    <section className="access-panel access-wide" aria-labelledby="sessions-title">
      <h2 id="sessions-title">{t('access.sessions.title')}</h2>
      <ul className="access-list">
        {sessions.map((session) => (
          <SessionRow key={session.id} session={session} onEnd={() => end.mutate(session.id)} />
        ))}
      </ul>
      {end.error === null ? null : <ProblemNotice error={end.error} />}
      <button type="button" className="button" onClick={() => setEnding(true)}>
        <LogOut aria-hidden="true" />
        {t('access.sessions.everywhere')}
      </button>
      {isEnding ? (
        <ChangeDialog
          title={t('access.sessions.everywhere')}
          what={t('access.sessions.everywhereHappens')}
          confirm={t('access.sessions.everywhere')}
          isDangerous
          reason="none"
          perform={async () => {
            await callApi('DELETE /me/sessions');
            await queries.resetQueries();
          }}
          onClose={() => setEnding(false)}
        />
      ) : null}
    </section>
  );
}

interface SessionRowProps {
  readonly session: SessionView;
  readonly onEnd: () => void;
}

function SessionRow({ session, onEnd }: SessionRowProps) {
  const { t } = useTranslation();
  const agent = browserName(session.agent) ?? t('access.sessions.unknown');
  return (
    <li>
      <Monitor aria-hidden="true" />
      <div className="access-what">
        <p title={session.agent}>
          {agent} <span className="quiet">{t(`access.sessions.way.${session.way}`)}</span>
        </p>
        <p className="quiet">
          <When words={t('access.sessions.began', { time: '\n' })} at={session.signedInAt} />
          {' · '}
          <When words={t('access.sessions.seen', { time: '\n' })} at={session.lastSeenAt} />
        </p>
      </div>
      {session.isThisOne ? (
        <span className="access-mark">{t('access.sessions.thisOne')}</span>
      ) : (
        <button type="button" className="button" aria-label={t('access.sessions.endWhat', { agent })} onClick={onEnd}>
          {t('access.sessions.end')}
        </button>
      )}
    </li>
  );
}
