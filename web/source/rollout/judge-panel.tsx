import { CircleCheck, CircleHelp, Scale, TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { JudgedView } from '../../../src/capabilities/releases/judgement-api.ts';
import type { RolloutView } from '../../../src/capabilities/releases/releases-api.ts';
import { formatCount } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { Chip, type Tone } from '../parts/chip.tsx';
import { Comparison } from './comparison.tsx';
import { EvidenceChart } from './evidence-chart.tsx';
import { FindingTable } from './finding-table.tsx';

const signs = { harmful: TriangleAlert, healthy: CircleCheck, undecided: CircleHelp } as const;
const tones = { harmful: 'bad', healthy: 'good', undecided: 'plain' } as const satisfies Record<string, Tone>;

interface JudgePanelProps {
  readonly rollout: RolloutView;
  readonly judged: JudgedView;
}

/** What the judge thinks of the new release, why, and what it would take to know more. */
export function JudgePanel({ rollout, judged }: JudgePanelProps) {
  const { t } = useTranslation();
  const { verdict, sentence, broken, exposure } = judged;
  return (
    <section className="judge" aria-labelledby="judge-title">
      <header>
        <h2 id="judge-title" className="label">
          <Scale aria-hidden="true" />
          {t('judge.title')}
        </h2>
        <Chip tone={tones[verdict]} icon={signs[verdict]}>
          {t(`judge.${verdict}`)}
        </Chip>
      </header>
      <p className="judge-sentence">{sentence}</p>
      {broken.map((each) => (
        <p key={each} className="judge-broken">
          {each}
        </p>
      ))}
      {judged.points.length < 2 ? null : <EvidenceChart points={judged.points} />}
      <Comparison rollout={rollout} />
      <FindingTable findings={judged.findings} />
      <Exposure exposure={exposure} />
    </section>
  );
}

function Exposure({ exposure: { spent, budget } }: Pick<JudgedView, 'exposure'>) {
  const { t } = useTranslation();
  const language = useLocale();
  if (spent === 0 && budget === null) return null;
  const counted = { spent: formatCount(spent, language), budget: formatCount(budget ?? 0, language) };
  return <p className="quiet">{t(budget === null ? 'judge.spent' : 'judge.spentOf', counted)}</p>;
}
