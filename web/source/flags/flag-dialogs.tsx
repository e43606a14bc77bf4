import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { FlagView } from '../../../src/capabilities/flags/flags-api.ts';
import { callApi } from '../api/call-api.ts';
import { ChangeDialog } from '../parts/change-dialog.tsx';
import { TextField } from '../parts/text-field.tsx';
import { readPercentages, sharesOf, withRest } from './flag-shares.ts';
import { VariantShares } from './variant-shares.tsx';

export type FlagWish =
  | { readonly kind: 'switch'; readonly flag: FlagView; readonly to: 'on' | 'off' }
  | { readonly kind: 'divide'; readonly flag: FlagView }
  | { readonly kind: 'reset'; readonly flag: FlagView };

interface Place {
  readonly app: string;
  readonly environment: string;
}

interface FlagDialogProps<Wish = FlagWish> {
  readonly place: Place;
  readonly wish: Wish;
  readonly onClose: () => void;
}

export function FlagDialog({ place, wish, onClose }: FlagDialogProps) {
  switch (wish.kind) {
    case 'switch':
      return <SwitchDialog place={place} wish={wish} onClose={onClose} />;
    case 'divide':
      return <DivideDialog place={place} wish={wish} onClose={onClose} />;
    case 'reset':
      return <ResetDialog place={place} wish={wish} onClose={onClose} />;
  }
}

function SwitchDialog({ place, wish, onClose }: FlagDialogProps<Extract<FlagWish, { kind: 'switch' }>>) {
  const { t } = useTranslation();
  const { flag, to } = wish;
  const { environment } = place;
  const gives = flag.offVariant ?? t('flags.codeDefault');
  return (
    <ChangeDialog
      app={place.app}
      title={t(to === 'off' ? 'flags.offTitle' : 'flags.onTitle', { flag: flag.flag, environment })}
      what={t(to === 'off' ? 'flags.offHappens' : 'flags.onHappens', { environment, gives })}
      confirm={t(to === 'off' ? 'flags.switchOff' : 'flags.switchOn')}
      isDangerous={to === 'off'}
      perform={(reason) => changeFlag(place, flag.flag, { switched: to, reason })}
      onClose={onClose}
    />
  );
}

function DivideDialog({ place, wish: { flag }, onClose }: FlagDialogProps<Extract<FlagWish, { kind: 'divide' }>>) {
  const { t } = useTranslation();
  const others = flag.variants.filter((variant) => variant !== flag.defaultVariant);
  const now = sharesOf(flag);
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(others.map((name) => [name, `${now.find(({ variant }) => variant === name)?.percent ?? 0}`])),
  );
  const wanted = readPercentages(typed);
  const percentages = wanted === null || wanted.length === 0 ? null : wanted;
  return (
    <ChangeDialog
      app={place.app}
      title={t('flags.divideTitle', { flag: flag.flag, environment: place.environment })}
      what={t('flags.divideHappens', { environment: place.environment })}
      confirm={t('flags.divide')}
      isReady={wanted !== null}
      perform={(reason) => changeFlag(place, flag.flag, { percentages, reason })}
      onClose={onClose}
    >
      <div className="field-grid">
        {others.map((variant) => (
          <TextField
            key={variant}
            label={t('flags.percentOf', { variant })}
            value={typed[variant] ?? ''}
            isInvalid={wanted === null}
            onChange={(text) => setTyped({ ...typed, [variant]: text })}
          />
        ))}
      </div>
      {wanted === null ? (
        <p className="quiet" role="alert">
          {t('flags.percentWrong')}
        </p>
      ) : (
        <VariantShares shares={withRest(wanted, flag.defaultVariant)} />
      )}
    </ChangeDialog>
  );
}

function ResetDialog({ place, wish: { flag }, onClose }: FlagDialogProps<Extract<FlagWish, { kind: 'reset' }>>) {
  const { t } = useTranslation();
  const { environment } = place;
  return (
    <ChangeDialog
      app={place.app}
      title={t('flags.resetTitle', { flag: flag.flag, environment })}
      what={t('flags.resetHappens', { release: flag.release })}
      confirm={t('flags.reset')}
      perform={(reason) =>
        callApi('DELETE /apps/:app/environments/:environment/flags/:flag', {
          path: { ...place, flag: flag.flag },
          query: reason === null ? {} : { reason },
        })
      }
      onClose={onClose}
    />
  );
}

function changeFlag(place: Place, flag: string, json: object): Promise<unknown> {
  return callApi('PATCH /apps/:app/environments/:environment/flags/:flag', { path: { ...place, flag }, json });
}
