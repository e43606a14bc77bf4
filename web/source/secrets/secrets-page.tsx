import { useQuery } from '@tanstack/react-query';
import { KeyRound, Plus, RefreshCcw, TimerReset, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { KnownSecretView } from '../../../src/capabilities/secrets/secrets-api.ts';
import { useMay } from '../actions/action-buttons.tsx';
import { secretsQuery } from '../api/settings-queries.ts';
import { formatRelative } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { Chip } from '../parts/chip.tsx';
import { CopyCommand } from '../parts/copy-command.tsx';
import { InEnvironment } from '../parts/in-environment.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Moment } from '../parts/moment.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { useNow } from '../parts/use-now.ts';
import { RemoveSecretDialog, SecretDialog, type SecretWish } from './secret-dialogs.tsx';

interface SecretsPageProps {
  readonly app: string;
  readonly wanted: string | null;
}

/** Names, versions and times of secrets. Values only ever go in. */
export function SecretsPage({ app, wanted }: SecretsPageProps) {
  return (
    <InEnvironment app={app} page="secrets" wanted={wanted}>
      {({ environment }) => <Secrets key={environment} app={app} environment={environment} />}
    </InEnvironment>
  );
}

function Secrets({ app, environment }: { readonly app: string; readonly environment: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const query = useQuery(secretsQuery({ app, environment }));
  const [wish, setWish] = useState<SecretWish | null>(null);
  const close = () => setWish(null);
  return (
    <>
      <div className="table-head">
        <p className="table-standing">{t('secrets.neverShown')}</p>
        {may('operate') ? (
          <button type="button" className="button" onClick={() => setWish({ kind: 'set', name: null })}>
            <Plus aria-hidden="true" />
            {t('secrets.add')}
          </button>
        ) : null}
      </div>
      <Loaded query={query} skeleton={<Skeleton lines={6} />}>
        {(list) =>
          list.length === 0 ? (
            <NoSecret environment={environment} />
          ) : (
            <ul className="rows">
              {list.map((secret) => (
                <SecretRow key={secret.name} secret={secret} onWish={setWish} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {wish === null ? null : wish.kind === 'remove' ? (
        <RemoveSecretDialog place={{ app, environment }} name={wish.name} onClose={close} />
      ) : (
        <SecretDialog place={{ app, environment }} wish={wish} onClose={close} />
      )}
    </>
  );
}

function NoSecret({ environment }: { readonly environment: string }) {
  const { t } = useTranslation();
  return (
    <section className="empty">
      <h2>{t('secrets.empty')}</h2>
      <p>{t('secrets.emptyHint')}</p>
      <CopyCommand command={`npx lotse secret set NAME ${environment}`} />
    </section>
  );
}

interface SecretRowProps {
  readonly secret: KnownSecretView;
  readonly onWish: (wish: SecretWish) => void;
}

function SecretRow({ secret, onWish }: SecretRowProps) {
  const { t } = useTranslation();
  const { name, version, setAt, oldVersion } = secret;
  return (
    <li className="row">
      <div className="row-what">
        <h2 className="row-name with-icon">
          <KeyRound aria-hidden="true" />
          <code>{name}</code>
        </h2>
      </div>
      <div className="row-value">
        <p>
          <span aria-hidden="true">••••••••</span> <span className="quiet">{t('secrets.version', { version })}</span>
        </p>
        <p className="quiet">
          {t('secrets.setAt')} <Moment at={setAt} />
        </p>
        <p className="row-chips">
          {oldVersion === null ? null : (
            <Chip tone="moving" icon={RefreshCcw} title={t('secrets.rotatingHint', { version: oldVersion })}>
              {t('secrets.rotating')}
            </Chip>
          )}
          <Term expiresAt={secret.expiresAt} />
        </p>
      </div>
      <SecretButtons secret={secret} onWish={onWish} />
    </li>
  );
}

function SecretButtons({ secret: { name, oldVersion }, onWish }: SecretRowProps) {
  const { t } = useTranslation();
  const may = useMay();
  if (!may('operate')) return null;
  return (
    <div className="buttons row-buttons">
      {oldVersion === null ? (
        <button
          type="button"
          className="button"
          aria-label={t('secrets.rotateWhat', { name })}
          onClick={() => onWish({ kind: 'rotate', name })}
        >
          <RefreshCcw aria-hidden="true" />
          {t('secrets.rotate')}
        </button>
      ) : null}
      <button
        type="button"
        className="button"
        aria-label={t('secrets.setWhat', { name })}
        onClick={() => onWish({ kind: 'set', name })}
      >
        {t('secrets.replace')}
      </button>
      <button
        type="button"
        className="tool"
        aria-label={t('secrets.removeWhat', { name })}
        title={t('secrets.remove')}
        onClick={() => onWish({ kind: 'remove', name })}
      >
        <Trash2 aria-hidden="true" />
      </button>
    </div>
  );
}

const soonMs = 14 * 86_400_000;

/** When its value ends elsewhere: asked for attention two weeks ahead. */
function Term({ expiresAt }: { readonly expiresAt: number | null }) {
  const { t } = useTranslation();
  const language = useLocale();
  const now = useNow(60_000);
  if (expiresAt === null) return null;
  const when = formatRelative(expiresAt, now, language);
  const tone = expiresAt <= now ? 'bad' : expiresAt - now < soonMs ? 'moving' : 'plain';
  return (
    <Chip tone={tone} icon={TimerReset}>
      {t(expiresAt <= now ? 'secrets.ended' : 'secrets.ends', { when })}
    </Chip>
  );
}
