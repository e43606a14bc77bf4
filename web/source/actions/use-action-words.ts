import { useTranslation } from 'react-i18next';
import type { Action } from './action.ts';

export interface ActionWords {
  readonly title: string;
  /** What will happen, one sentence each. */
  readonly what: readonly string[];
  /** On the button that does it. */
  readonly confirm: string;
  readonly isDangerous: boolean;
}

/** What the dialog says about an action, before it does anything. */
export function useActionWords(action: Action): ActionWords {
  const { t } = useTranslation();
  const steering = useSteeringWords();
  const gateWords = useGateWords();
  switch (action.kind) {
    case 'pause':
    case 'resume':
    case 'advance':
    case 'turn-back':
      return steering(action);
    case 'roll-back': {
      const values = { environment: action.environment, before: action.to, release: action.from ?? '' };
      return {
        title: t('action.rollBack.title', values),
        what: sentences(t('action.rollBack.goBack', values)),
        confirm: t('action.rollBack.button'),
        isDangerous: true,
      };
    }
    case 'deploy':
    case 'promote': {
      const before = action.from ?? t('action.promote.nothing');
      const values = { environment: action.environment, release: action.release, before };
      return {
        title: t('action.promote.title', values),
        what: sentences(t('action.promote.what', values)),
        confirm: t(action.kind === 'deploy' ? 'action.promote.deploy' : 'action.promote.button'),
        isDangerous: false,
      };
    }
    case 'approve':
    case 'sign':
    case 'override':
      return gateWords(action);
  }
}

type GateAction = Extract<Action, { kind: 'approve' | 'sign' | 'override' }>;

function useGateWords(): (action: GateAction) => ActionWords {
  const { t } = useTranslation();
  return (action) => {
    const { release, environment } = action.rollout;
    switch (action.kind) {
      case 'approve':
        return {
          title: t('action.approve.title', { release, environment }),
          what: sentences(t('action.approve.what')),
          confirm: t('waiting.approve'),
          isDangerous: false,
        };
      case 'sign': {
        const { line } = action;
        return {
          title: line === null ? t('action.sign.title', { release }) : t('action.sign.titleOne', { release }),
          what: line === null ? sentences(t('action.sign.what')) : [line.text, ...sentences(t('action.sign.whatOne'))],
          confirm: line === null ? t('waiting.sign') : t('waiting.signOne'),
          isDangerous: false,
        };
      }
      case 'override':
        return {
          title: t('action.override.title', { gate: action.gate.title }),
          what: sentences(t('action.override.what')),
          confirm: t('waiting.override'),
          isDangerous: true,
        };
    }
  };
}

const sentences = (text: string): readonly string[] => text.split('\n');

type SteeringAction = Extract<Action, { kind: 'pause' | 'resume' | 'advance' | 'turn-back' }>;

function useSteeringWords(): (action: SteeringAction) => ActionWords {
  const { t } = useTranslation();
  return (action) => {
    const { environment, release, before } = action.rollout;
    const values = {
      environment,
      release,
      before: before ?? t('action.rollBack.theOneBefore'),
      step: action.kind === 'advance' ? action.step : '',
    };
    if (action.kind !== 'turn-back') {
      return {
        title: t(`action.${action.kind}.title`, values),
        what: sentences(t(`action.${action.kind}.what`, values)),
        confirm: t(`action.${action.kind}.button`),
        isDangerous: false,
      };
    }
    return {
      title: t('action.rollBack.title', values),
      what: sentences(t('action.rollBack.turn', values)),
      confirm: t('action.rollBack.button'),
      isDangerous: true,
    };
  };
}
