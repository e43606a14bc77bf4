import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NewTokenView, Role, TokenView } from '../../../src/capabilities/accounts/accounts-api.ts';
import { callApi } from '../api/call-api.ts';
import { ask } from '../api/parse-answers.ts';
import { appsQuery, meQuery } from '../api/queries.ts';
import { keys } from '../api/query-keys.ts';
import { ChangeDialog } from '../parts/change-dialog.tsx';
import { TextField } from '../parts/text-field.tsx';
import { RoleChoice } from './role-choice.tsx';

const dayMs = 86_400_000;
const days = [1, 30, 90, 365] as const;

interface TokenForm {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly isMine: boolean;
  /** Empty: all. */
  readonly app: string;
  readonly environments: string;
  /** 0: until it is revoked. */
  readonly validDays: number;
}

interface CreateTokenDialogProps {
  readonly onMade: (token: NewTokenView) => void;
  readonly onClose: () => void;
}

export function CreateTokenDialog({ onMade, onClose }: CreateTokenDialogProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const isAdmin = useQuery(meQuery).data?.roles.includes('admin') === true;
  const [form, setForm] = useState<TokenForm>({
    ...{ name: '', roles: ['developer'], isMine: !isAdmin, app: '', environments: '', validDays: 90 },
  });
  const change = (part: Partial<TokenForm>) => setForm({ ...form, ...part });
  return (
    <ChangeDialog
      title={t('access.tokens.create')}
      what={t('access.tokens.createHappens')}
      confirm={t('access.tokens.create')}
      isReady={form.name.trim() !== '' && form.roles.length > 0}
      reason="none"
      perform={async () => {
        onMade(await ask('POST /tokens', { json: requestOf(form) }));
        await queries.invalidateQueries({ queryKey: keys.tokens });
      }}
      onClose={onClose}
    >
      <TextField
        label={t('access.tokens.name')}
        hint={t('access.tokens.nameHint')}
        value={form.name}
        onChange={(name) => change({ name })}
        isFirst
      />
      <RoleChoice chosen={form.roles} onChange={(roles) => change({ roles })} />
      {isAdmin ? (
        <label className="choice">
          <input type="checkbox" checked={form.isMine} onChange={({ target }) => change({ isMine: target.checked })} />
          <span>
            {t('access.tokens.speaksForMe')}
            <span className="quiet">{t('access.tokens.speaksForMeHint')}</span>
          </span>
        </label>
      ) : null}
      <ScopeFields form={form} onChange={change} />
    </ChangeDialog>
  );
}

interface ScopeFieldsProps {
  readonly form: TokenForm;
  readonly onChange: (part: Partial<TokenForm>) => void;
}

function ScopeFields({ form, onChange }: ScopeFieldsProps) {
  const { t } = useTranslation();
  const id = useId();
  const apps = useQuery(appsQuery).data ?? [];
  return (
    <>
      <div className="field">
        <label htmlFor={`${id}-app`}>{t('access.tokens.app')}</label>
        <select id={`${id}-app`} value={form.app} onChange={({ target }) => onChange({ app: target.value })}>
          <option value="">{t('access.tokens.anyApp')}</option>
          {apps.map(({ app }) => (
            <option key={app}>{app}</option>
          ))}
        </select>
      </div>
      <TextField
        label={t('access.tokens.environments')}
        hint={t('access.tokens.environmentsHint')}
        value={form.environments}
        onChange={(environments) => onChange({ environments })}
      />
      <div className="field">
        <label htmlFor={`${id}-valid`}>{t('access.tokens.valid')}</label>
        <select
          id={`${id}-valid`}
          value={form.validDays}
          onChange={({ target }) => onChange({ validDays: Number(target.value) })}
        >
          {days.map((count) => (
            <option key={count} value={count}>
              {t('access.tokens.days', { count })}
            </option>
          ))}
          <option value={0}>{t('access.tokens.forever')}</option>
        </select>
      </div>
    </>
  );
}

interface RevokeTokenDialogProps {
  readonly token: TokenView;
  readonly onClose: () => void;
}

export function RevokeTokenDialog({ token: { id, name }, onClose }: RevokeTokenDialogProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return (
    <ChangeDialog
      title={t('access.tokens.revokeWhat', { name })}
      what={t('access.tokens.revokeHappens', { name })}
      confirm={t('access.tokens.revoke')}
      isDangerous
      reason="none"
      perform={async () => {
        await callApi('DELETE /tokens/:token', { path: { token: id } });
        await queries.invalidateQueries({ queryKey: keys.tokens });
      }}
      onClose={onClose}
    />
  );
}

function requestOf({ name, roles, isMine, app, environments, validDays }: TokenForm) {
  const names = environments
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return {
    ...{ name: name.trim(), roles, speaksFor: isMine ? 'me' : 'system' },
    ...{ app: app === '' ? null : app, environments: names.length === 0 ? null : names },
    validMs: validDays === 0 ? null : validDays * dayMs,
  };
}
