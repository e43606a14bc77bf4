import { useQuery } from '@tanstack/react-query';
import { KeySquare, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NewTokenView, TokenView } from '../../../src/capabilities/accounts/accounts-api.ts';
import { formatMoment } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { CopyCommand } from '../parts/copy-command.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { useNow } from '../parts/use-now.ts';
import { usePersonName } from '../parts/use-person-name.ts';
import { tokensQuery } from './access-queries.ts';
import { PageHead } from './page-head.tsx';
import { RoleMarks } from './role-marks.tsx';
import { CreateTokenDialog, RevokeTokenDialog } from './token-dialogs.tsx';
import { When } from './when.tsx';

export function TokensPage() {
  const { t } = useTranslation();
  const tokens = useQuery(tokensQuery);
  const [isCreating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<TokenView | null>(null);
  const [made, setMade] = useState<NewTokenView | null>(null);
  return (
    <>
      <PageHead title={t('access.tokens.title')} intro={t('access.tokens.intro')}>
        <button type="button" className="button" data-look="primary" onClick={() => setCreating(true)}>
          <Plus aria-hidden="true" />
          {t('access.tokens.create')}
        </button>
      </PageHead>
      {made === null ? null : (
        <div className="notice">
          <output>{t('access.tokens.made', { name: made.name })}</output>
          <CopyCommand command={made.secret} />
        </div>
      )}
      <Loaded query={tokens} skeleton={<Skeleton lines={6} />}>
        {(all) =>
          all.length === 0 ? (
            <p className="access-none">{t('access.tokens.none')}</p>
          ) : (
            <ul className="access-list access-board">
              {all.map((token) => (
                <TokenRow key={token.id} token={token} onRevoke={() => setRevoking(token)} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {isCreating ? <CreateTokenDialog onMade={setMade} onClose={() => setCreating(false)} /> : null}
      {revoking === null ? null : <RevokeTokenDialog token={revoking} onClose={() => setRevoking(null)} />}
    </>
  );
}

interface TokenRowProps {
  readonly token: TokenView;
  readonly onRevoke: () => void;
}

function TokenRow({ token, onRevoke }: TokenRowProps) {
  const { t } = useTranslation();
  const language = useLocale();
  const nameOf = usePersonName();
  const now = useNow(20_000);
  const isOver = token.expiresAt !== null && token.expiresAt <= now;
  const sayEnd = () => {
    if (token.expiresAt === null) return t('access.tokens.noEnd');
    const time = formatMoment(token.expiresAt, language);
    return t(isOver ? 'access.tokens.expired' : 'access.tokens.expires', { time });
  };
  return (
    <li data-disabled={isOver}>
      <KeySquare aria-hidden="true" />
      <div className="access-what">
        <p>
          {token.name}{' '}
          {token.person === null ? null : (
            <span className="quiet">{t('access.tokens.of', { name: nameOf(token.person) })}</span>
          )}
        </p>
        <p className="quiet">
          <Scope token={token} />
          {' · '}
          {sayEnd()}
          {' · '}
          {token.lastUsedAt === null ? (
            t('access.tokens.unused')
          ) : (
            <When words={t('access.tokens.used', { time: '\n' })} at={token.lastUsedAt} />
          )}
        </p>
        <RoleMarks roles={token.roles} />
      </div>
      <div className="buttons">
        <button
          type="button"
          className="button"
          aria-label={t('access.tokens.revokeWhat', { name: token.name })}
          onClick={onRevoke}
        >
          {t('access.tokens.revoke')}
        </button>
      </div>
    </li>
  );
}

function Scope({ token: { app, environments } }: { readonly token: TokenView }) {
  const { t } = useTranslation();
  if (app === null && environments === null) return t('access.tokens.everything');
  return `${app ?? t('access.tokens.anyApp')}: ${environments?.join(', ') ?? t('access.tokens.allEnvironments')}`;
}
