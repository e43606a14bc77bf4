import { ArrowUpRight, Undo2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { EnvironmentViewModel, ReleaseView } from '../../../src/capabilities/releases/releases-api.ts';
import type { Action } from '../actions/action.ts';
import { rollBackAction, useMay } from '../actions/action-buttons.tsx';
import { useAction } from '../actions/action-provider.tsx';
import { movesOf, type ReleaseMove } from './release-moves.ts';

interface ReleaseButtonsProps {
  readonly release: ReleaseView;
  readonly environments: readonly EnvironmentViewModel[];
  readonly all: readonly ReleaseView[];
}

/** Forward to the next environment, or back to this release where it served last. */
export function ReleaseButtons({ release, environments, all }: ReleaseButtonsProps) {
  const { t } = useTranslation();
  const open = useAction();
  const may = useMay();
  const numberOf = (id: string) => all.find((each) => each.id === id)?.number ?? null;
  const moves = may('steer') ? movesOf(release, environments, numberOf) : [];
  return (
    <fieldset className="buttons release-buttons" aria-label={t('releases.actions', { release: release.id })}>
      {moves.map((move) => {
        const { environment } = move;
        const action = actionOf(release, move, environments);
        return action === null ? null : (
          <button key={environment} type="button" className="button" onClick={() => open(action)}>
            {move.kind === 'roll-back' ? <Undo2 aria-hidden="true" /> : <ArrowUpRight aria-hidden="true" />}
            {t(`releases.${labels[move.kind]}`, { environment })}
          </button>
        );
      })}
    </fieldset>
  );
}

const labels = { deploy: 'deploy', promote: 'promote', 'roll-back': 'rollBack' } as const;

function actionOf(
  release: ReleaseView,
  move: ReleaseMove,
  environments: readonly EnvironmentViewModel[],
): Action | null {
  const place = environments.find((each) => each.environment === move.environment);
  if (place === undefined) return null;
  if (move.kind === 'roll-back') return rollBackAction(place);
  return {
    kind: move.kind,
    app: release.app,
    environment: place.environment,
    release: release.id,
    from: place.release,
  };
}
