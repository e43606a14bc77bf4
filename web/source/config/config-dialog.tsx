import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ConfigValueView, ConfigView } from '../../../src/capabilities/config/config-api.ts';
import { callApi } from '../api/call-api.ts';
import { ChangeDialog } from '../parts/change-dialog.tsx';
import { TextField } from '../parts/text-field.tsx';

type Variable = Pick<ConfigValueView, 'variable' | 'service'>;

/** What a person wants of a value. `add`: one that they name themselves. */
export type ConfigWish =
  | { readonly kind: 'add' }
  | { readonly kind: 'set'; readonly value: ConfigValueView }
  | { readonly kind: 'unset'; readonly value: Variable };

interface ConfigDialogProps {
  readonly config: ConfigView;
  readonly wish: ConfigWish;
  readonly onClose: () => void;
}

export function ConfigDialog({ config, wish, onClose }: ConfigDialogProps) {
  return wish.kind === 'unset' ? (
    <UnsetDialog config={config} value={wish.value} onClose={onClose} />
  ) : (
    <SetDialog config={config} value={wish.kind === 'set' ? wish.value : null} onClose={onClose} />
  );
}

interface SetDialogProps {
  readonly config: ConfigView;
  readonly value: ConfigValueView | null;
  readonly onClose: () => void;
}

function SetDialog({ config, value, onClose }: SetDialogProps) {
  const { t } = useTranslation();
  const [name, setName] = useState(value?.variable ?? '');
  const [text, setText] = useState(value?.value ?? '');
  const { environment } = config;
  return (
    <ChangeDialog
      app={config.app}
      title={t('config.setTitle', { variable: name === '' ? t('config.aValue') : name, environment })}
      what={t(value === null ? 'config.addHappens' : 'config.setHappens', { environment })}
      confirm={t('config.set')}
      isReady={name.trim() !== ''}
      perform={(reason) => {
        const change = { variable: name.trim(), service: value?.service ?? null, value: text };
        return changeConfig(config, { set: [change], reason, ahead: value === null });
      }}
      onClose={onClose}
    >
      {value === null ? <TextField label={t('config.name')} value={name} onChange={setName} isFirst /> : null}
      <TextField
        label={t('config.value')}
        hint={value === null ? undefined : typeHint(value)}
        kind={text.includes('\n') ? 'lines' : 'text'}
        value={text}
        onChange={setText}
        isFirst={value !== null}
      />
    </ChangeDialog>
  );
}

/** What may stand there, as lotse.yaml names it. */
function typeHint({ type, description }: ConfigValueView): string {
  return description === null ? type : `${type}: ${description}`;
}

interface UnsetDialogProps {
  readonly config: ConfigView;
  readonly value: Variable;
  readonly onClose: () => void;
}

function UnsetDialog({ config, value, onClose }: UnsetDialogProps) {
  const { t } = useTranslation();
  const { environment } = config;
  const { variable, service } = value;
  return (
    <ChangeDialog
      app={config.app}
      title={t('config.unsetTitle', { variable, environment })}
      what={t('config.unsetHappens', { environment })}
      confirm={t('config.unset')}
      perform={(reason) => changeConfig(config, { unset: [{ variable, service }], reason })}
      onClose={onClose}
    />
  );
}

function changeConfig({ app, environment }: ConfigView, json: object): Promise<unknown> {
  return callApi('PATCH /apps/:app/environments/:environment/config', { path: { app, environment }, json });
}
