import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callApi } from '../api/call-api.ts';
import { appsQuery } from '../api/queries.ts';
import { keys } from '../api/query-keys.ts';
import { ChangeDialog } from '../parts/change-dialog.tsx';
import { TextField } from '../parts/text-field.tsx';
import { problemOfForm, providers, requestOf, type PipelineForm, type Provider } from './pipeline-request.ts';
import { RoleChoice } from './role-choice.tsx';

const lengths = [15, 60, 240, 720] as const;

interface FieldsProps {
  readonly form: PipelineForm;
  readonly onChange: (part: Partial<PipelineForm>) => void;
}

/** Lets the pipelines of a repository in, and says whom that is before it does. */
export function AllowPipelineDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [form, setForm] = useState<PipelineForm>({
    ...{ provider: 'github', repository: '', ref: 'refs/heads/main', ciEnvironment: '', issuer: '' },
    ...{ app: '', environments: '', roles: ['developer'], validMinutes: 60 },
  });
  const change = (part: Partial<PipelineForm>) => setForm({ ...form, ...part });
  const problem = problemOfForm(form);
  const isTouched = form.repository !== '';
  return (
    <ChangeDialog
      title={t('access.pipelines.allow')}
      what={t('access.pipelines.allowHappens')}
      confirm={t('access.pipelines.allow')}
      isReady={problem === null}
      reason="none"
      perform={async () => {
        await callApi('POST /oidc/rules', { json: requestOf(form) });
        await queries.invalidateQueries({ queryKey: keys.pipelines });
      }}
      onClose={onClose}
    >
      <WhoFields form={form} onChange={change} />
      <RoleChoice chosen={form.roles} onChange={(roles) => change({ roles })} />
      <WhereFields form={form} onChange={change} />
      <p className="quiet" aria-live="polite">
        {isTouched && problem !== null ? t(`access.pipelines.problem.${problem}`) : ''}
      </p>
    </ChangeDialog>
  );
}

function WhoFields({ form, onChange }: FieldsProps) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <>
      <div className="field">
        <label htmlFor={id}>{t('access.pipelines.provider')}</label>
        <select
          id={id}
          value={form.provider}
          onChange={({ target }) => onChange(chosen(target.value === 'gitlab' ? 'gitlab' : 'github'))}
        >
          {Object.entries(providers).map(([key, { name }]) => (
            <option key={key} value={key}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <TextField
        label={t('access.pipelines.repository')}
        hint={t('access.pipelines.repositoryHint')}
        value={form.repository}
        onChange={(repository) => onChange({ repository })}
        isFirst
      />
      <TextField
        label={t('access.pipelines.ref')}
        hint={t(`access.pipelines.refHint.${form.provider}`)}
        value={form.ref}
        onChange={(ref) => onChange({ ref })}
      />
      <TextField
        label={t('access.pipelines.ciEnvironment')}
        hint={t('access.pipelines.ciEnvironmentHint')}
        value={form.ciEnvironment}
        onChange={(ciEnvironment) => onChange({ ciEnvironment })}
      />
      <TextField
        label={t('access.pipelines.issuer')}
        hint={t('access.pipelines.issuerHint', { issuer: providers[form.provider].issuer })}
        value={form.issuer}
        onChange={(issuer) => onChange({ issuer })}
      />
    </>
  );
}

/** GitHub signs whole refs, GitLab names. */
function chosen(provider: Provider): Partial<PipelineForm> {
  return { provider, ref: provider === 'github' ? 'refs/heads/main' : 'main' };
}

function WhereFields({ form, onChange }: FieldsProps) {
  const { t } = useTranslation();
  const id = useId();
  const apps = useQuery(appsQuery).data ?? [];
  const environments = apps.find(({ app }) => app === form.app)?.environments ?? [];
  return (
    <>
      <div className="field">
        <label htmlFor={`${id}-app`}>{t('access.pipelines.app')}</label>
        <select id={`${id}-app`} value={form.app} onChange={({ target }) => onChange({ app: target.value })}>
          <option value="">{t('access.pipelines.chooseApp')}</option>
          {apps.map(({ app }) => (
            <option key={app}>{app}</option>
          ))}
        </select>
      </div>
      <TextField
        label={t('access.pipelines.environments')}
        hint={t('access.pipelines.environmentsHint', { environments: environments.join(', ') || '–' })}
        value={form.environments}
        onChange={(names) => onChange({ environments: names })}
      />
      <div className="field">
        <label htmlFor={`${id}-valid`}>{t('access.pipelines.valid')}</label>
        <select
          id={`${id}-valid`}
          value={form.validMinutes}
          onChange={({ target }) => onChange({ validMinutes: Number(target.value) })}
        >
          {lengths.map((count) => (
            <option key={count} value={count}>
              {t('access.pipelines.minutes', { count })}
            </option>
          ))}
        </select>
      </div>
    </>
  );
}
