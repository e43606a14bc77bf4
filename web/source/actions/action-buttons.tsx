import { useQuery } from '@tanstack/react-query';
import { FastForward, Pause, Play, Undo2, type LucideIcon } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type {
  EnvironmentViewModel,
  GateResultView,
  RolloutView,
} from '../../../src/capabilities/releases/releases-api.ts';
import { environmentsQuery, meQuery } from '../api/queries.ts';
import { currentIndex, hasEnded } from '../rollout/step-progress.ts';
import { useStepTitle } from '../rollout/use-step-title.ts';
import type { Action } from './action.ts';
import { useAction } from './action-provider.tsx';
import {
  canRollBack,
  mayDo,
  openingsOf,
  steeringOf,
  type GateOpening,
  type Permission,
  type SteeringKind,
} from './available-actions.ts';

/** Buttons are there for whoever may press them; the server has the last word. */
export function useMay(): (permission: Permission) => boolean {
  const roles = useQuery(meQuery).data?.roles ?? [];
  return (permission) => mayDo(permission, roles);
}

const steering = {
  pause: { icon: Pause, label: 'action.pause.button' },
  resume: { icon: Play, label: 'action.resume.button' },
  advance: { icon: FastForward, label: 'action.advance.button' },
  'roll-back': { icon: Undo2, label: 'action.rollBack.button' },
} as const satisfies Record<SteeringKind, { icon: LucideIcon; label: string }>;

/** Pause, resume, advance, roll back: those that apply to the rollout as it stands. */
export function SteeringButtons({ rollout }: { readonly rollout: RolloutView }) {
  const { t } = useTranslation();
  const open = useAction();
  const may = useMay();
  const titleOf = useStepTitle(rollout.release);
  const environments = useQuery(environmentsQuery(rollout.app)).data ?? [];
  const environment = environments.find((each) => each.environment === rollout.environment);
  const isLatest = environment?.rollout?.id === rollout.id;
  const kinds = steeringOf(rollout, environment?.previousRelease ?? null);
  if (!may('steer') || !isLatest || kinds.length === 0) return null;
  const step = rollout.steps[currentIndex(rollout.steps)];
  const actionOf = (kind: SteeringKind): Action | null => {
    if (kind === 'roll-back') return environment === undefined ? null : rollBackAction(environment);
    if (kind === 'advance') return { kind, rollout, step: step === undefined ? '' : titleOf(step) };
    return { kind, rollout };
  };
  return (
    <div className="buttons">
      {kinds.map((kind) => {
        const { icon: Icon, label } = steering[kind];
        const action = actionOf(kind);
        return action === null ? null : (
          <button key={kind} type="button" className="button" onClick={() => open(action)}>
            <Icon aria-hidden="true" />
            {t(label)}
          </button>
        );
      })}
    </div>
  );
}

/** In the head of a lane, while no rollout is under way there: then the button stands at the rollout. */
export function RollBackButton({ environment }: { readonly environment: EnvironmentViewModel }) {
  const { t } = useTranslation();
  const open = useAction();
  const may = useMay();
  const { rollout } = environment;
  const isUnderWay = rollout !== null && !hasEnded(rollout);
  const action = isUnderWay || !canRollBack(environment) ? null : rollBackAction(environment);
  if (action === null || !may('steer')) return null;
  return (
    <button type="button" className="button" onClick={() => open(action)}>
      <Undo2 aria-hidden="true" />
      {t('action.rollBack.button')}
    </button>
  );
}

/** A rollout that has not ended turns around; else the release before comes back. */
export function rollBackAction(environment: EnvironmentViewModel): Action | null {
  const { app, rollout, release, previousRelease } = environment;
  if (rollout !== null && !hasEnded(rollout)) return { kind: 'turn-back', rollout };
  if (previousRelease === null) return null;
  return { kind: 'roll-back', app, environment: environment.environment, from: release, to: previousRelease };
}

function actionOf(kind: GateOpening, rollout: RolloutView, gate: GateResultView): Action {
  if (kind === 'override') return { kind, rollout, gate };
  return kind === 'sign' ? { kind, rollout, line: null } : { kind, rollout };
}

interface GateButtonsProps {
  readonly rollout: RolloutView;
  readonly gate: GateResultView;
}

export function GateButtons({ rollout, gate }: GateButtonsProps) {
  const { t } = useTranslation();
  const open = useAction();
  const may = useMay();
  const me = useQuery(meQuery).data;
  const isOwn = gate.gate === 'approval' && rollout.startedBy === me?.id;
  const openings = openingsOf(gate)
    .filter((opening) => may(opening === 'override' ? 'override' : 'approve'))
    .filter((opening) => opening !== 'approve' || !isOwn);
  return (
    <div className="buttons">
      {isOwn ? <p className="quiet waiting-other">{t('waiting.byAnother')}</p> : null}
      {openings.map((kind) => (
        <button
          key={kind}
          type="button"
          className="button"
          data-look={kind === 'override' ? 'plain' : 'primary'}
          onClick={() => open(actionOf(kind, rollout, gate))}
        >
          {t(`waiting.${kind}`)}
        </button>
      ))}
    </div>
  );
}
