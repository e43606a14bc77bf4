import { useQuery } from '@tanstack/react-query';
import { Anchor, ArrowUpRight, CircleCheck, CircleDashed, Undo2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { EnvironmentViewModel, ReleaseView } from '../../../src/capabilities/releases/releases-api.ts';
import { useMay } from '../actions/action-buttons.tsx';
import { useAction } from '../actions/action-provider.tsx';
import { Plan } from '../actions/plan-preview.tsx';
import { planQuery, releasesQuery, rolloutsQuery } from '../api/queries.ts';
import { GateButtons } from '../actions/action-buttons.tsx';
import { GateLines } from '../actions/gate-lines.tsx';
import { problemOf } from '../api/api-error.ts';
import { Chip } from '../parts/chip.tsx';
import { CodeText } from '../parts/code-text.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { shutGates } from '../overview/waiting-panel.tsx';
import { hasEnded } from '../rollout/step-progress.ts';
import { wayTo, type ReleaseWay } from './release-moves.ts';

interface ReleasePlaceProps {
  readonly release: ReleaseView;
  readonly place: EnvironmentViewModel;
}

/** A release and an environment: how it stands there, what it would change, what stands in its way. */
export function ReleasePlace({ release, place }: ReleasePlaceProps) {
  const all = useQuery(releasesQuery(release.app)).data ?? [];
  const rollouts = useQuery(rolloutsQuery(release.app)).data ?? [];
  const way = wayTo(release, place, all, rollouts);
  const titleId = `place-${place.environment}`;
  return (
    <section className="card" aria-labelledby={titleId}>
      <div className="card-head">
        <div>
          <h2 id={titleId}>{place.environment}</h2>
          <Standing release={release} place={place} />
        </div>
        <WayButton release={release} place={place} way={way} />
      </div>
      <Waiting release={release} place={place} />
      {way === 'here' ? null : <Difference release={release} place={place} isBack={way === 'back'} />}
    </section>
  );
}

function Standing({ release, place }: ReleasePlaceProps) {
  const { t } = useTranslation();
  const isVerified = release.verifiedIn.includes(place.environment);
  return (
    <p className="row-chips">
      {place.release === release.id ? (
        <Chip tone="plain" icon={Anchor}>
          {t('releases.servesHere')}
        </Chip>
      ) : null}
      {isVerified ? (
        <Chip tone="good" icon={CircleCheck}>
          {t('overview.verified')}
        </Chip>
      ) : (
        <Chip tone="plain" icon={CircleDashed}>
          {t('overview.notVerified')}
        </Chip>
      )}
    </p>
  );
}

function WayButton({ release, place, way }: ReleasePlaceProps & { readonly way: ReleaseWay }) {
  const { t } = useTranslation();
  const open = useAction();
  const may = useMay();
  const { app, environment } = place;
  const isMoving = place.rollout !== null && !hasEnded(place.rollout);
  if (way === 'here' || isMoving || !may('steer')) return null;
  const back = () => open({ kind: 'roll-back', app, environment, from: place.release, to: release.id });
  const on = () =>
    open({
      kind: place.after === null ? 'deploy' : 'promote',
      app,
      environment,
      release: release.id,
      from: place.release,
    });
  return (
    <button type="button" className="button" onClick={way === 'back' ? back : on}>
      {way === 'back' ? <Undo2 aria-hidden="true" /> : <ArrowUpRight aria-hidden="true" />}
      {t(way === 'back' ? 'releases.rollBackTo' : place.after === null ? 'releases.deploy' : 'releases.promote', {
        environment,
      })}
    </button>
  );
}

/** Gates at which its rollout waits here, to be opened. */
function Waiting({ release, place: { rollout } }: ReleasePlaceProps) {
  if (rollout === null || rollout.release !== release.id || hasEnded(rollout)) return null;
  const shut = shutGates(rollout);
  return shut.length === 0 ? null : (
    <ul className="place-gates">
      {shut.map((gate) => (
        <li key={gate.gate}>
          <span>
            <b>{gate.title}</b>: {gate.message}
          </span>
          <GateButtons rollout={rollout} gate={gate} />
          <GateLines rollout={rollout} gate={gate} />
        </li>
      ))}
    </ul>
  );
}

/** The plan that brings it here, or back here; where there is none, why: then the way is not provable any more. */
function Difference({ release, place, isBack }: ReleasePlaceProps & { readonly isBack: boolean }) {
  const { t } = useTranslation();
  const wish = isBack ? { release: release.id, rollback: true } : { release: release.id };
  const plan = useQuery(planQuery(place.app, place.environment, wish));
  if (plan.error !== null) {
    const { message, hint } = problemOf(plan.error);
    return (
      <p className="quiet">
        {t(isBack ? 'releases.noWayBack' : 'releases.noWay')} {message}{' '}
        {hint === null ? null : <CodeText text={hint} />}
      </p>
    );
  }
  if (plan.data === undefined) return <Skeleton lines={2} />;
  return (
    <>
      <p className="quiet">
        {place.release === null
          ? t('releases.firstHere')
          : t('releases.comparedWith', { release: place.release, count: plan.data.diff.length })}
      </p>
      <Plan plan={plan.data} areChangesOpen />
    </>
  );
}
