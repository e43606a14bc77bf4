import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { RolloutView } from '../../../src/capabilities/releases/releases-api.ts';
import { SteeringButtons } from '../actions/action-buttons.tsx';
import { environmentsQuery, rolloutQuery } from '../api/queries.ts';
import { TrafficShares } from '../overview/traffic-shares.tsx';
import { shutGates, WaitingList } from '../overview/waiting-panel.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { useNow } from '../parts/use-now.ts';
import { CausePanel } from './cause-panel.tsx';
import { Comparison, isKept } from './comparison.tsx';
import { EarlierRollouts } from './earlier-rollouts.tsx';
import { Fairway } from './fairway.tsx';
import { JudgePanel } from './judge-panel.tsx';
import { NewInstances } from './new-instances.tsx';
import { NowLine, PauseLine } from './now-line.tsx';
import { RolloutFacts } from './rollout-facts.tsx';
import { RolloutStatus } from './rollout-status.tsx';
import { StepList } from './step-list.tsx';
import { hasEnded } from './step-progress.ts';
import { useStepTitle } from './use-step-title.ts';

/** One rollout, live while it is under way. */
export function RolloutPage({ app, rollout }: { readonly app: string; readonly rollout: string }) {
  const query = useQuery(rolloutQuery(app, rollout));
  return (
    <Loaded query={query} skeleton={<Skeleton lines={9} />}>
      {(view) => <Rollout rollout={view} />}
    </Loaded>
  );
}

function Rollout({ rollout }: { readonly rollout: RolloutView }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const titleOf = useStepTitle(rollout.release);
  const { cause } = rollout;
  const failed = rollout.steps.find((step) => step.id === cause?.step);
  const shut = hasEnded(rollout) ? [] : shutGates(rollout).map((gate) => ({ rollout, gate }));
  const toggle = (step: string, isOpen: boolean) => setOpen((before) => withStep(before, step, isOpen));
  const show = (step: string) => {
    toggle(step, true);
    document.getElementById(`step-${step}`)?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <>
      <Trail rollout={rollout} />
      <Hero rollout={rollout} onOpen={show} />
      {shut.length === 0 ? null : <WaitingList shut={shut} />}
      {cause === null ? null : (
        <CausePanel cause={cause} step={failed === undefined ? cause.step : titleOf({ ...failed, state: 'failed' })} />
      )}
      {rollout.judged === null ? (
        <UnjudgedTraffic rollout={rollout} />
      ) : (
        <JudgePanel rollout={rollout} judged={rollout.judged} />
      )}
      <NewInstances rollout={rollout} />
      <div className="rollout-columns">
        <section aria-labelledby="steps-title">
          <h2 id="steps-title" className="label">
            {t('rollout.steps')}
          </h2>
          <StepList rollout={rollout} open={open} onToggle={toggle} />
        </section>
        <aside className="rollout-side">
          <RolloutFacts rollout={rollout} />
          <Traffic rollout={rollout} />
          <Notes notes={rollout.notes} />
          <EarlierRollouts app={rollout.app} environment={rollout.environment} shown={rollout.id} />
        </aside>
      </div>
    </>
  );
}

function withStep(before: ReadonlySet<string>, step: string, isOpen: boolean): ReadonlySet<string> {
  if (before.has(step) === isOpen) return before;
  const after = new Set(before);
  if (isOpen) after.add(step);
  else after.delete(step);
  return after;
}

function Trail({ rollout }: { readonly rollout: RolloutView }) {
  const { t } = useTranslation();
  return (
    <p className="trail">
      <Link href={`/apps/${rollout.app}`}>{t('nav.overview')}</Link>
      <span aria-hidden="true"> / </span>
      <span>{rollout.id}</span>
    </p>
  );
}

function Hero({ rollout, onOpen }: { readonly rollout: RolloutView; readonly onOpen: (step: string) => void }) {
  const { t } = useTranslation();
  const { release, environment } = rollout;
  const title = rollout.kind === 'rollback' ? 'rollout.titleBack' : 'rollout.title';
  return (
    <section className="sea hero" aria-label={t('rollout.now')}>
      <div className="sea-head">
        <RolloutStatus status={rollout.status} />
        <h1>{t(title, { release, environment })}</h1>
        <SteeringButtons rollout={rollout} />
      </div>
      <Fairway rollout={rollout} onOpen={onOpen} />
      <NowLine rollout={rollout} />
      {rollout.pause === null ? null : <PauseLine pause={rollout.pause} />}
    </section>
  );
}

/** Nobody judges it; what users ask of both releases is seen all the same. */
function UnjudgedTraffic({ rollout }: { readonly rollout: RolloutView }) {
  const { t } = useTranslation();
  const now = useNow(null);
  if (!isKept(rollout, now)) return null;
  return (
    <section className="judge" aria-labelledby="traffic-title">
      <h2 id="traffic-title" className="label">
        {t('compare.panel')}
      </h2>
      <Comparison rollout={rollout} />
    </section>
  );
}

/** Only while it is under way: later the shares are no longer this rollout's. */
function Traffic({ rollout }: { readonly rollout: RolloutView }) {
  const environments = useQuery(environmentsQuery(rollout.app)).data ?? [];
  const shares = environments.find((each) => each.environment === rollout.environment)?.shares ?? [];
  return hasEnded(rollout) ? null : <TrafficShares shares={shares} />;
}

function Notes({ notes }: { readonly notes: readonly string[] }) {
  const { t } = useTranslation();
  if (notes.length === 0) return null;
  return (
    <div className="notes">
      <h3 className="label">{t('rollout.notes')}</h3>
      <ul>
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </div>
  );
}
