import { Ban, CircleCheck, CircleDashed, CircleSlash, CircleX, LoaderCircle, type LucideIcon } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { PipelineJobView, PipelineView } from '../../../src/capabilities/pipelines/pipelines-api.ts';
import { Chip, type Tone } from '../parts/chip.tsx';

type State = PipelineJobView['state'] | PipelineView['state'];

const looks: Readonly<Record<State, { readonly icon: LucideIcon; readonly tone: Tone }>> = {
  queued: { icon: CircleDashed, tone: 'plain' },
  waiting: { icon: CircleDashed, tone: 'plain' },
  running: { icon: LoaderCircle, tone: 'moving' },
  passed: { icon: CircleCheck, tone: 'good' },
  failed: { icon: CircleX, tone: 'bad' },
  cancelled: { icon: Ban, tone: 'plain' },
  skipped: { icon: CircleSlash, tone: 'plain' },
};

export function PipelineState({ state }: { readonly state: State }) {
  const { t } = useTranslation();
  const { icon, tone } = looks[state];
  return (
    <Chip tone={tone} icon={icon}>
      {t(`pipelines.state.${state}`)}
    </Chip>
  );
}
