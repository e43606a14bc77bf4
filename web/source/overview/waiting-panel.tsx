import { Hourglass } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type {
  EnvironmentViewModel,
  GateResultView,
  RolloutView,
} from '../../../src/capabilities/releases/releases-api.ts';
import { GateButtons } from '../actions/action-buttons.tsx';
import { GateLines } from '../actions/gate-lines.tsx';
import { formatMoment } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { useNamedText } from '../parts/use-person-name.ts';
import { hasEnded } from '../rollout/step-progress.ts';
import { sentenceCase } from '../rollout/step-title.ts';

/** What waits for a person, of all environments, where nobody overlooks it. */
export function WaitingPanel({ environments }: { readonly environments: readonly EnvironmentViewModel[] }) {
  const rollouts = environments.flatMap(({ rollout }) => (rollout === null || hasEnded(rollout) ? [] : [rollout]));
  const shut = rollouts.flatMap((rollout) => shutGates(rollout).map((gate) => ({ rollout, gate })));
  if (shut.length === 0) return null;
  return <WaitingList shut={shut} />;
}

export function shutGates(rollout: RolloutView): readonly GateResultView[] {
  return rollout.waitingFor.filter((gate) => gate.state !== 'open' && gate.state !== 'overridden');
}

interface WaitingListProps {
  readonly shut: readonly { readonly rollout: RolloutView; readonly gate: GateResultView }[];
}

export function WaitingList({ shut }: WaitingListProps) {
  const { t } = useTranslation();
  return (
    <section className="waiting" aria-labelledby="waiting-title">
      <h2 id="waiting-title">
        <Hourglass aria-hidden="true" />
        {t('waiting.title')}
      </h2>
      <ul>
        {shut.map(({ rollout, gate }) => (
          <li key={`${rollout.id}/${gate.gate}`}>
            <WaitingGate rollout={rollout} gate={gate} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function WaitingGate({ rollout, gate }: { readonly rollout: RolloutView; readonly gate: GateResultView }) {
  const { t } = useTranslation();
  const language = useLocale();
  const named = useNamedText();
  const { release, environment } = rollout;
  return (
    <>
      <div className="waiting-words">
        <p>
          <b>{sentenceCase(gate.title)}</b> <span className="quiet">{t('waiting.in', { release, environment })}</span>
        </p>
        <p className="quiet">
          {named(gate.message)}
          {gate.opensAt === null ? null : ` (${t('waiting.opensAt', { time: formatMoment(gate.opensAt, language) })})`}
        </p>
      </div>
      <GateButtons rollout={rollout} gate={gate} />
      <GateLines rollout={rollout} gate={gate} />
    </>
  );
}
