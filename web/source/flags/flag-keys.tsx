import { useQuery } from '@tanstack/react-query';
import { KeySquare, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NewFlagKeyView } from '../../../src/capabilities/flags/flags-api.ts';
import { useMay } from '../actions/action-buttons.tsx';
import { callApi } from '../api/call-api.ts';
import { ask } from '../api/parse-answers.ts';
import { flagKeysQuery } from '../api/settings-queries.ts';
import { ChangeDialog } from '../parts/change-dialog.tsx';
import { CopyCommand } from '../parts/copy-command.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Moment } from '../parts/moment.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { TextField } from '../parts/text-field.tsx';

interface Place {
  readonly app: string;
  readonly environment: string;
}

type KeyWish = { readonly kind: 'create' } | { readonly kind: 'revoke'; readonly key: string; readonly name: string };

/** Keys with which apps elsewhere read the flags of this environment, and nothing else. */
export function FlagKeys({ place }: { readonly place: Place }) {
  const { t } = useTranslation();
  const may = useMay();
  const [wish, setWish] = useState<KeyWish | null>(null);
  const [made, setMade] = useState<NewFlagKeyView | null>(null);
  const close = () => setWish(null);
  return (
    <section className="block" aria-labelledby="keys-title">
      <div className="table-head">
        <div className="table-standing">
          <h2 id="keys-title" className="label">
            {t('flags.keys.title')}
          </h2>
          <p className="quiet">{t('flags.keys.intro')}</p>
        </div>
        {may('operate') ? (
          <button type="button" className="button" onClick={() => setWish({ kind: 'create' })}>
            <Plus aria-hidden="true" />
            {t('flags.keys.add')}
          </button>
        ) : null}
      </div>
      {made === null ? null : (
        <div className="notice" aria-live="polite">
          <p className="notice-title">{t('flags.keys.made', { name: made.name })}</p>
          <CopyCommand command={made.secret} />
        </div>
      )}
      <KeyList place={place} onRevoke={(key, name) => setWish({ kind: 'revoke', key, name })} />
      {wish?.kind === 'create' ? <CreateDialog place={place} onMade={setMade} onClose={close} /> : null}
      {wish?.kind === 'revoke' ? (
        <RevokeDialog place={place} keyId={wish.key} name={wish.name} onClose={close} />
      ) : null}
    </section>
  );
}

interface KeyListProps {
  readonly place: Place;
  readonly onRevoke: (key: string, name: string) => void;
}

function KeyList({ place, onRevoke }: KeyListProps) {
  const { t } = useTranslation();
  const may = useMay();
  const query = useQuery(flagKeysQuery(place));
  return (
    <Loaded query={query} skeleton={<Skeleton lines={2} />}>
      {(list) =>
        list.length === 0 ? null : (
          <ul className="rows">
            {list.map(({ key, name, createdAt }) => (
              <li key={key} className="row">
                <p className="row-name with-icon">
                  <KeySquare aria-hidden="true" />
                  {name}
                </p>
                <p className="row-value quiet">
                  <code>{key}</code> <Moment at={createdAt} />
                </p>
                {may('operate') ? (
                  <div className="buttons row-buttons">
                    <button
                      type="button"
                      className="button"
                      aria-label={t('flags.keys.revokeWhat', { name })}
                      onClick={() => onRevoke(key, name)}
                    >
                      {t('flags.keys.revoke')}
                    </button>
                  </div>
                ) : null}
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}

interface CreateDialogProps {
  readonly place: Place;
  readonly onMade: (key: NewFlagKeyView) => void;
  readonly onClose: () => void;
}

function CreateDialog({ place, onMade, onClose }: CreateDialogProps) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  return (
    <ChangeDialog
      app={place.app}
      title={t('flags.keys.addTitle', { environment: place.environment })}
      what={t('flags.keys.addHappens')}
      confirm={t('flags.keys.add')}
      isReady={name.trim() !== ''}
      reason="none"
      perform={async () => {
        const json = { name: name.trim() };
        onMade(await ask('POST /apps/:app/environments/:environment/flag-keys', { path: { ...place }, json }));
      }}
      onClose={onClose}
    >
      <TextField label={t('flags.keys.name')} value={name} onChange={setName} isFirst />
    </ChangeDialog>
  );
}

interface RevokeDialogProps {
  readonly place: Place;
  readonly keyId: string;
  readonly name: string;
  readonly onClose: () => void;
}

function RevokeDialog({ place, keyId, name, onClose }: RevokeDialogProps) {
  const { t } = useTranslation();
  return (
    <ChangeDialog
      app={place.app}
      title={t('flags.keys.revokeTitle', { name })}
      what={t('flags.keys.revokeHappens')}
      confirm={t('flags.keys.revoke')}
      isDangerous
      reason="none"
      perform={() =>
        callApi('DELETE /apps/:app/environments/:environment/flag-keys/:key', { path: { ...place, key: keyId } })
      }
      onClose={onClose}
    />
  );
}
