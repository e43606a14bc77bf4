import { ChevronDown } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { RolloutView, StepView } from '../../../src/capabilities/releases/releases-api.ts';
import { formatClock, formatDuration, formatRunning } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { Fact } from '../parts/fact.tsx';
import { useNow } from '../parts/use-now.ts';
import { StepMark } from './step-mark.tsx';
import { deadlineLeftMs, elapsedMs, hasEnded, shownSteps } from './step-progress.ts';
import { useStepTitle } from './use-step-title.ts';

interface StepListProps {
  readonly rollout: RolloutView;
  readonly open: ReadonlySet<string>;
  readonly onToggle: (step: string, isOpen: boolean) => void;
}

/** Every step with its times; opened, also its way back, its deadline and its gates. */
export function StepList({ rollout, open, onToggle }: StepListProps) {
  const now = useNow(hasEnded(rollout) ? null : 1_000);
  const titleOf = useStepTitle(rollout.release);
  return (
    <ol className="steps">
      {shownSteps(rollout).map((step) => (
        <li key={step.id} className="step" data-state={step.state} id={`step-${step.id}`}>
          <details open={open.has(step.id)} onToggle={(event) => onToggle(step.id, event.currentTarget.open)}>
            <StepSummary step={step} title={titleOf(step)} now={now} />
            <StepFacts step={step} now={now} />
          </details>
        </li>
      ))}
    </ol>
  );
}

function StepSummary({ step, title, now }: { readonly step: StepView; readonly title: string; readonly now: number }) {
  const { t } = useTranslation();
  const language = useLocale();
  const elapsed = elapsedMs(step, now);
  const isRunning = step.state === 'running';
  const expected = step.expectedMs > 0 ? t('step.about', { duration: formatDuration(step.expectedMs, language) }) : '';
  const time = elapsed === null ? (step.state === 'next' ? expected : '') : duration(elapsed, isRunning, language);
  return (
    <summary>
      <StepMark state={step.state} />
      <span className="step-title">{title}</span>
      <span className="step-state">
        {step.state === 'done' || step.state === 'next' ? '' : t(`step.states.${step.state}`)}
      </span>
      <span className="step-time" data-running={isRunning}>
        {time}
      </span>
      <ChevronDown className="step-arrow" aria-hidden="true" />
    </summary>
  );
}

function duration(ms: number, isRunning: boolean, language: string): string {
  return isRunning ? formatRunning(ms, language) : formatDuration(ms, language);
}

function StepFacts({ step, now }: { readonly step: StepView; readonly now: number }) {
  const { t } = useTranslation();
  const language = useLocale();
  const left = deadlineLeftMs(step, now);
  const all = formatDuration(step.deadlineMs, language);
  return (
    <dl className="facts step-facts">
      <Fact name={t('step.compensation')}>{step.compensation ?? t('step.noCompensation')}</Fact>
      <Fact name={t('step.deadline')}>
        {left === null ? all : t('step.deadlineLeft', { left: formatRunning(left, language), all })}
      </Fact>
      {step.expectedMs > 0 ? <Fact name={t('step.expected')}>{formatDuration(step.expectedMs, language)}</Fact> : null}
      <Fact name={t('step.phase')}>{t(`phase.${step.phase}`)}</Fact>
      {step.startedAt === null ? null : <Fact name={t('step.started')}>{formatClock(step.startedAt, language)}</Fact>}
      {step.endedAt === null ? null : <Fact name={t('step.ended')}>{formatClock(step.endedAt, language)}</Fact>}
      <Fact name={t('step.gates')}>{step.gates.length === 0 ? t('step.noGates') : <Gates gates={step.gates} />}</Fact>
    </dl>
  );
}

function Gates({ gates }: { readonly gates: readonly string[] }) {
  return (
    <span className="gate-names">
      {gates.map((gate) => (
        <code key={gate}>{gate}</code>
      ))}
    </span>
  );
}
