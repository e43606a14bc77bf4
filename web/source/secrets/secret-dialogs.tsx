import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callApi } from '../api/call-api.ts';
import { ChangeDialog } from '../parts/change-dialog.tsx';
import { TextField } from '../parts/text-field.tsx';

/** `set`, name null: one that the person names. */
export type SecretWish =
  | { readonly kind: 'set'; readonly name: string | null }
  | { readonly kind: 'rotate'; readonly name: string }
  | { readonly kind: 'remove'; readonly name: string };

interface Place {
  readonly app: string;
  readonly environment: string;
}

interface SecretDialogProps {
  readonly place: Place;
  readonly wish: Exclude<SecretWish, { kind: 'remove' }>;
  readonly onClose: () => void;
}

/** Takes a value, which is never shown again. */
export function SecretDialog({ place, wish, onClose }: SecretDialogProps) {
  const { t } = useTranslation();
  const [name, setName] = useState(wish.name ?? '');
  const [value, setValue] = useState('');
  const [ends, setEnds] = useState('');
  const { environment } = place;
  const shownName = name === '' ? t('secrets.aSecret') : name;
  return (
    <ChangeDialog
      app={place.app}
      title={t(wish.kind === 'rotate' ? 'secrets.rotateTitle' : 'secrets.setTitle', { name: shownName, environment })}
      what={t(wish.kind === 'rotate' ? 'secrets.rotateHappens' : 'secrets.setHappens', { environment })}
      confirm={t(wish.kind === 'rotate' ? 'secrets.rotate' : 'secrets.set')}
      isReady={name.trim() !== '' && value !== ''}
      perform={(reason) => {
        const expiresAt = ends === '' ? null : new Date(`${ends}T00:00:00`).getTime();
        const options = { path: { ...place, name: name.trim() }, json: { value, reason, expiresAt } };
        return wish.kind === 'rotate'
          ? callApi('POST /apps/:app/environments/:environment/secrets/:name/rotation', options)
          : callApi('PUT /apps/:app/environments/:environment/secrets/:name', options);
      }}
      onClose={onClose}
    >
      {wish.name === null ? <TextField label={t('config.name')} value={name} onChange={setName} isFirst /> : null}
      <TextField
        label={t('secrets.newValue')}
        hint={t('secrets.valueHint')}
        kind="secret"
        value={value}
        onChange={setValue}
        isFirst={wish.name !== null}
      />
      <TextField label={t('secrets.endsAt')} hint={t('secrets.endsHint')} kind="date" value={ends} onChange={setEnds} />
    </ChangeDialog>
  );
}

interface RemoveSecretDialogProps {
  readonly place: Place;
  readonly name: string;
  readonly onClose: () => void;
}

export function RemoveSecretDialog({ place, name, onClose }: RemoveSecretDialogProps) {
  const { t } = useTranslation();
  const { environment } = place;
  return (
    <ChangeDialog
      app={place.app}
      title={t('secrets.removeTitle', { name, environment })}
      what={t('secrets.removeHappens', { environment })}
      confirm={t('secrets.remove')}
      isDangerous
      perform={(reason) =>
        callApi('DELETE /apps/:app/environments/:environment/secrets/:name', {
          path: { ...place, name },
          query: reason === null ? {} : { reason },
        })
      }
      onClose={onClose}
    />
  );
}
