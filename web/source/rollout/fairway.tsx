import { useTranslation } from 'react-i18next';
import type { RolloutView, StepView } from '../../../src/capabilities/releases/releases-api.ts';
import { formatDuration } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { cssVariables } from '../parts/css-variables.ts';
import { useNow } from '../parts/use-now.ts';
import { PilotBoat } from './pilot-boat.tsx';
import { StepMark } from './step-mark.tsx';
import { boatPosition, elapsedMs, hasEnded, phaseSpans, shownSteps, stepProgress } from './step-progress.ts';
import { useStepTitle } from './use-step-title.ts';

interface FairwayProps {
  readonly rollout: RolloutView;
  /** Opens a step in the list below the line; left out where there is no list. */
  readonly onOpen?: (step: string) => void;
}

const manySteps = 10;

/** The plan as a line of buoys, with the boat where the rollout is. */
export function Fairway({ rollout, onOpen }: FairwayProps) {
  const { t } = useTranslation();
  const steps = shownSteps(rollout);
  const now = useNow(hasEnded(rollout) ? null : 1_000);
  const boat = boatPosition(rollout);
  return (
    <div className="fairway" data-many={steps.length > manySteps}>
      <div className="fairway-phases" aria-hidden="true">
        {phaseSpans(steps).map(({ phase, steps: count, from }) => (
          <span key={from} ref={cssVariables({ '--steps': count })}>
            {t(`phase.${phase}`)}
          </span>
        ))}
      </div>
      <div className="fairway-water">
        <span className="fairway-boat" data-heading={boat.heading} ref={cssVariables({ '--at': boat.at })}>
          <PilotBoat />
        </span>
      </div>
      <ol className="fairway-line" aria-label={t('step.line')}>
        {steps.map((step, index) => (
          <FairwayStep
            key={step.id}
            step={step}
            release={rollout.release}
            fill={stepProgress(step, now)}
            now={now}
            edge={edgeOf(index, steps.length)}
            onOpen={onOpen}
          />
        ))}
      </ol>
    </div>
  );
}

type Edge = 'start' | 'end' | 'none';

/** Near an end the words of a buoy open towards the middle. */
function edgeOf(index: number, count: number): Edge {
  if (index < count / 4) return 'start';
  return index >= (count * 3) / 4 ? 'end' : 'none';
}

interface FairwayStepProps {
  readonly step: StepView;
  readonly release: string;
  readonly fill: number;
  readonly now: number;
  readonly edge: Edge;
  readonly onOpen: ((step: string) => void) | undefined;
}

function FairwayStep({ step, release, fill, now, edge, onOpen }: FairwayStepProps) {
  const { t } = useTranslation();
  const title = useStepTitle(release)(step);
  const label = `${title}: ${t(`step.states.${step.state}`)}`;
  return (
    <li className="fairway-step" data-state={step.state} data-edge={edge} ref={cssVariables({ '--fill': fill })}>
      {onOpen === undefined ? (
        <>
          <StepMark state={step.state} />
          <span className="only-read">{label}</span>
        </>
      ) : (
        <button type="button" aria-label={label} onClick={() => onOpen(step.id)}>
          <StepMark state={step.state} />
        </button>
      )}
      <StepWords step={step} title={title} now={now} />
    </li>
  );
}

/** Opens over a buoy under the pointer or with the focus. */
function StepWords({ step, title, now }: { readonly step: StepView; readonly title: string; readonly now: number }) {
  const { t } = useTranslation();
  const language = useLocale();
  const elapsed = elapsedMs(step, now);
  const words = elapsed === null ? t(`step.states.${step.state}`) : formatDuration(elapsed, language);
  return (
    <span className="fairway-words" aria-hidden="true">
      <b>{title}</b>
      <span>{words}</span>
      <span className="fairway-back">
        {t('step.compensation')}: {step.compensation ?? t('step.noCompensation')}
      </span>
    </span>
  );
}
