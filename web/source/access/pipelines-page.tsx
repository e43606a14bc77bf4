import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus, Workflow } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { OidcRuleView } from '../../../src/capabilities/accounts/oidc-api.ts';
import { callApi } from '../api/call-api.ts';
import { meQuery } from '../api/queries.ts';
import { keys } from '../api/query-keys.ts';
import { ChangeDialog } from '../parts/change-dialog.tsx';
import { CopyCommand } from '../parts/copy-command.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { pipelinesQuery } from './access-queries.ts';
import { AllowPipelineDialog } from './pipeline-dialog.tsx';
import { PageHead } from './page-head.tsx';
import { When } from './when.tsx';

const example = 'npx lotse oidc allow github acme/shop --app shop --environment production --ref refs/heads/main';

export function PipelinesPage() {
  const { t } = useTranslation();
  const rules = useQuery(pipelinesQuery);
  const isAdmin = useQuery(meQuery).data?.roles.includes('admin') === true;
  const [isAllowing, setAllowing] = useState(false);
  const [removing, setRemoving] = useState<OidcRuleView | null>(null);
  return (
    <>
      <PageHead title={t('access.pipelines.title')} intro={t('access.pipelines.intro')}>
        {isAdmin ? (
          <button type="button" className="button" data-look="primary" onClick={() => setAllowing(true)}>
            <Plus aria-hidden="true" />
            {t('access.pipelines.allow')}
          </button>
        ) : null}
      </PageHead>
      <Loaded query={rules} skeleton={<Skeleton lines={4} />}>
        {(all) => (
          <>
            {all.length === 0 ? null : (
              <ul className="access-list access-board">
                {all.map((rule) => (
                  <RuleRow key={rule.id} rule={rule} onRemove={isAdmin ? () => setRemoving(rule) : null} />
                ))}
              </ul>
            )}
            <p className="access-none">{t(all.length === 0 ? 'access.pipelines.none' : 'access.pipelines.more')}</p>
            <CopyCommand command={example} />
          </>
        )}
      </Loaded>
      {isAllowing ? <AllowPipelineDialog onClose={() => setAllowing(false)} /> : null}
      {removing === null ? null : <RemoveDialog rule={removing} onClose={() => setRemoving(null)} />}
    </>
  );
}

interface RuleRowProps {
  readonly rule: OidcRuleView;
  readonly onRemove: (() => void) | null;
}

function RuleRow({ rule, onRemove }: RuleRowProps) {
  const { t } = useTranslation();
  const roles = rule.roles.map((role) => t(`access.role.${role}`)).join(', ');
  return (
    <li>
      <Workflow aria-hidden="true" />
      <div className="access-what">
        <p>
          <code>{sayClaims(rule)}</code>
        </p>
        <p>{t('access.pipelines.may', { roles, app: rule.app, environments: rule.environments.join(', ') })}</p>
        <p className="quiet">
          {new URL(rule.issuer).host} {t('access.pipelines.audience', { audience: rule.audience })}
          {' · '}
          {rule.lastUsedAt === null ? (
            t('access.pipelines.unused')
          ) : (
            <When words={t('access.pipelines.used', { time: '\n' })} at={rule.lastUsedAt} />
          )}
        </p>
      </div>
      {onRemove === null ? null : (
        <div className="buttons">
          <button
            type="button"
            className="button"
            aria-label={t('access.pipelines.removeWhat', { claims: sayClaims(rule) })}
            onClick={onRemove}
          >
            {t('access.pipelines.remove')}
          </button>
        </div>
      )}
    </li>
  );
}

interface RemoveDialogProps {
  readonly rule: OidcRuleView;
  readonly onClose: () => void;
}

function RemoveDialog({ rule, onClose }: RemoveDialogProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return (
    <ChangeDialog
      title={t('access.pipelines.removeWhat', { claims: sayClaims(rule) })}
      what={t('access.pipelines.removeHappens')}
      confirm={t('access.pipelines.remove')}
      isDangerous
      reason="none"
      perform={async () => {
        await callApi('DELETE /oidc/rules/:rule', { path: { rule: rule.id } });
        await queries.invalidateQueries({ queryKey: keys.pipelines });
      }}
      onClose={onClose}
    />
  );
}

function sayClaims({ claims }: OidcRuleView): string {
  return Object.entries(claims)
    .map(([name, pattern]) => `${name}=${pattern}`)
    .join(', ');
}
