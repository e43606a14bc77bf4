import { useQuery } from '@tanstack/react-query';
import { ChevronDown, CircleAlert, CircleCheck, Hourglass } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { GateResultView, PlanView } from '../../../src/capabilities/releases/releases-api.ts';
import { planQuery, type PlanWish } from '../api/queries.ts';
import { formatDuration } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { Loaded } from '../parts/loaded.tsx';
import { useNamedText } from '../parts/use-person-name.ts';
import { Skeleton } from '../parts/skeleton.tsx';
import { useStepTitle } from '../rollout/use-step-title.ts';
import { sentenceCase } from '../rollout/step-title.ts';
import type { Action } from './action.ts';

/** For what starts a rollout: its compiled plan, asked of the server, which touches nothing for it. */
export function PlanPreview({ action }: { readonly action: Action }) {
  switch (action.kind) {
    case 'deploy':
    case 'promote':
      return <Preview app={action.app} environment={action.environment} wish={{ release: action.release }} />;
    case 'roll-back':
      return (
        <Preview app={action.app} environment={action.environment} wish={{ release: action.to, rollback: true }} />
      );
    default:
      return null;
  }
}

interface PreviewProps {
  readonly app: string;
  readonly environment: string;
  readonly wish: PlanWish;
}

function Preview({ app, environment, wish }: PreviewProps) {
  const query = useQuery(planQuery(app, environment, wish));
  return (
    <Loaded query={query} skeleton={<Skeleton lines={3} />}>
      {(plan) => <Plan plan={plan} />}
    </Loaded>
  );
}

interface PlanProps {
  readonly plan: PlanView;
  /** Where what changes is what the page is about. */
  readonly areChangesOpen?: boolean;
}

export function Plan({ plan, areChangesOpen = false }: PlanProps) {
  const { t } = useTranslation();
  const language = useLocale();
  const titleOf = useStepTitle(plan.release);
  return (
    <div className="preview">
      <Gates gates={plan.gates} />
      <Weakens weakens={plan.weakens} />
      <details className="preview-steps">
        <summary>
          {t('action.stepsCount', { count: plan.steps.length })}.{' '}
          {t('action.expected', { duration: formatDuration(plan.expectedMs, language) })}
          <ChevronDown aria-hidden="true" />
        </summary>
        <ol>
          {plan.steps.map((step) => (
            <li key={step.id}>{titleOf(step)}</li>
          ))}
        </ol>
      </details>
      <Changes diff={plan.diff} isOpen={areChangesOpen} />
      {plan.notes.map((note) => (
        <p key={note} className="quiet">
          {sentenceCase(note)}
        </p>
      ))}
    </div>
  );
}

function isOpen(gate: GateResultView): boolean {
  return gate.state === 'open' || gate.state === 'overridden';
}

/** Those that are shut stand here; of the others there are many, and all is well with them. */
function Gates({ gates }: { readonly gates: readonly GateResultView[] }) {
  const { t } = useTranslation();
  const named = useNamedText();
  if (gates.length === 0) return null;
  const shut = gates.filter((gate) => !isOpen(gate));
  return (
    <ul className="preview-gates">
      {shut.length < gates.length ? (
        <li data-open="true">
          <CircleCheck aria-hidden="true" />
          {t('action.gatesOpen', { count: gates.length - shut.length })}
        </li>
      ) : null}
      {shut.map((gate) => (
        <li key={gate.gate} data-open="false">
          {gate.state === 'waiting' ? <Hourglass aria-hidden="true" /> : <CircleAlert aria-hidden="true" />}
          <span>
            <b>{sentenceCase(gate.title)}</b>, {t(`gate.${gate.state}`)}: {named(gate.message)}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Weakens({ weakens }: { readonly weakens: PlanView['weakens'] }) {
  const { t } = useTranslation();
  if (weakens.length === 0) return null;
  return (
    <div className="preview-weakens">
      <h3 className="label">{t('action.weakens')}</h3>
      <ul>
        {weakens.map(({ gate, from, to }) => (
          <li key={gate}>{t('action.weakensLine', { gate, from, to })}</li>
        ))}
      </ul>
    </div>
  );
}

function Changes({ diff, isOpen }: { readonly diff: PlanView['diff']; readonly isOpen: boolean }) {
  const { t } = useTranslation();
  if (diff.length === 0) return null;
  return (
    <details className="preview-steps" open={isOpen}>
      <summary>
        {t('action.diff')} ({diff.length})
        <ChevronDown aria-hidden="true" />
      </summary>
      <ul className="preview-changes">
        {diff.map(({ part, what, from, to, source }) => (
          <li key={`${part}/${what}`} title={source}>
            <span className="quiet">{part}</span> {t('action.changeLine', { what, from: from ?? '–', to: to ?? '–' })}
          </li>
        ))}
      </ul>
    </details>
  );
}
