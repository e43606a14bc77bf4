import { useMutation, useQueryClient } from '@tanstack/react-query';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { OwnAccessView, PasskeyView } from '../../../src/capabilities/accounts/sign-in-api.ts';
import { callApi } from '../api/call-api.ts';
import { keys } from '../api/query-keys.ts';
import { ChangeDialog } from '../parts/change-dialog.tsx';
import { browserName } from './browser-name.ts';
import { addPasskey, addressWithName, goOnWithName, passkeyStanding } from './passkey-ceremony.ts';
import { PasskeyProblem } from './passkey-problem.tsx';
import { When } from './when.tsx';

export function PasskeyPanel({ own }: { readonly own: OwnAccessView }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [removing, setRemoving] = useState<PasskeyView | null>(null);
  const reload = () => queries.invalidateQueries({ queryKey: keys.ownAccess });
  return (
    <section className="access-panel" aria-labelledby="passkeys-title">
      <h2 id="passkeys-title">{t('access.passkeys.title')}</h2>
      <p className="quiet">{t('access.passkeys.intro')}</p>
      {own.passkeys.length === 0 ? <p className="access-none">{t('access.passkeys.none')}</p> : null}
      <ul className="access-list">
        {own.passkeys.map((passkey) => (
          <li key={passkey.id}>
            <KeyRound aria-hidden="true" />
            <div className="access-what">
              <p>{passkey.name}</p>
              <p className="quiet">
                <When words={t('access.passkeys.made', { time: '\n' })} at={passkey.createdAt} />
                {' · '}
                {passkey.lastUsedAt === null ? (
                  t('access.passkeys.never')
                ) : (
                  <When words={t('access.passkeys.used', { time: '\n' })} at={passkey.lastUsedAt} />
                )}
              </p>
            </div>
            {own.isFresh ? (
              <button
                type="button"
                className="button"
                aria-label={t('access.passkeys.removeWhat', { name: passkey.name })}
                onClick={() => setRemoving(passkey)}
              >
                {t('access.passkeys.remove')}
              </button>
            ) : null}
          </li>
        ))}
      </ul>
      {own.isFresh ? <AddPasskey onAdded={reload} /> : null}
      {removing === null ? null : (
        <ChangeDialog
          title={t('access.passkeys.removeWhat', { name: removing.name })}
          what={t('access.passkeys.removeHappens', { name: removing.name })}
          confirm={t('access.passkeys.remove')}
          isDangerous
          reason="none"
          perform={async () => {
            await callApi('DELETE /me/passkeys/:passkey', { path: { passkey: removing.id } });
            await reload();
          }}
          onClose={() => setRemoving(null)}
        />
      )}
    </section>
  );
}

function AddPasskey({ onAdded }: { readonly onAdded: () => Promise<void> }) {
  const { t } = useTranslation();
  const add = useMutation({
    mutationFn: () => addPasskey(browserName(navigator.userAgent) ?? t('access.passkeys.unknown')),
    onSuccess: onAdded,
  });
  const standing = passkeyStanding();
  if (standing === 'impossible') return <p className="access-hint">{t('access.passkeys.impossible')}</p>;
  if (standing === 'needs-name') return <GoOnWithName />;
  return (
    <>
      {add.error === null ? null : <PasskeyProblem error={add.error} />}
      <button
        type="button"
        className="button"
        data-look="primary"
        disabled={add.isPending}
        onClick={() => add.mutate()}
      >
        <Plus aria-hidden="true" />
        {add.isPending ? t('access.passkeys.adding') : t('access.passkeys.add')}
      </button>
    </>
  );
}

function GoOnWithName() {
  const { t } = useTranslation();
  const go = useMutation({ mutationFn: goOnWithName });
  return (
    <>
      <p className="access-hint">{t('access.passkeys.needsName')}</p>
      {go.error === null ? null : <PasskeyProblem error={go.error} />}
      <button type="button" className="button" disabled={go.isPending} onClick={() => go.mutate()}>
        {t('access.passkeys.goOn', { address: addressWithName() })}
      </button>
    </>
  );
}
