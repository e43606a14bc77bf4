import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { OwnAccessView } from '../../../src/capabilities/accounts/sign-in-api.ts';
import { callApi } from '../api/call-api.ts';
import { keys } from '../api/query-keys.ts';
import { ChangeDialog } from '../parts/change-dialog.tsx';
import { TextField } from '../parts/text-field.tsx';
import { When } from './when.tsx';

const shortest = 12;

export function PasswordPanel({ own }: { readonly own: OwnAccessView }) {
  const { t } = useTranslation();
  const [wish, setWish] = useState<'set' | 'remove' | null>(null);
  const has = own.passwordSince !== null;
  const close = () => setWish(null);
  return (
    <section className="access-panel" aria-labelledby="password-title">
      <h2 id="password-title">{t('access.password.title')}</h2>
      <p className="quiet">{t('access.password.intro')}</p>
      <p className="access-none">
        {own.passwordSince === null ? (
          t('access.password.none')
        ) : (
          <When words={t('access.password.since', { time: '\n' })} at={own.passwordSince} />
        )}
      </p>
      {own.isFresh ? (
        <div className="buttons">
          <button type="button" className="button" onClick={() => setWish('set')}>
            {has ? t('access.password.change') : t('access.password.set')}
          </button>
          {has ? (
            <button type="button" className="button" onClick={() => setWish('remove')}>
              {t('access.password.remove')}
            </button>
          ) : null}
        </div>
      ) : null}
      {wish === 'set' ? <SetPassword onClose={close} /> : null}
      {wish === 'remove' ? <RemovePassword onClose={close} /> : null}
    </section>
  );
}

function SetPassword({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [password, setPassword] = useState('');
  return (
    <ChangeDialog
      title={t('access.password.set')}
      what={t('access.password.setHappens')}
      confirm={t('access.password.set')}
      isReady={password.length >= shortest}
      reason="none"
      perform={async () => {
        await callApi('PUT /me/password', { json: { password } });
        await queries.invalidateQueries({ queryKey: keys.ownAccess });
      }}
      onClose={onClose}
    >
      <TextField
        label={t('access.password.field')}
        hint={t('access.password.hint')}
        kind="secret"
        value={password}
        onChange={setPassword}
        isFirst
      />
    </ChangeDialog>
  );
}

function RemovePassword({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return (
    <ChangeDialog
      title={t('access.password.remove')}
      what={t('access.password.removeHappens')}
      confirm={t('access.password.remove')}
      isDangerous
      reason="none"
      perform={async () => {
        await callApi('DELETE /me/password');
        await queries.invalidateQueries({ queryKey: keys.ownAccess });
      }}
      onClose={onClose}
    />
  );
}
