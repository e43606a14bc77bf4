import { CircleCheck, CircleHelp, CircleSlash, CircleX, LoaderCircle, type LucideIcon } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { ScheduledRunView } from '../../../src/capabilities/schedules/schedules-api.ts';
import { Chip, type Tone } from '../parts/chip.tsx';

const looks: Readonly<Record<ScheduledRunView['state'], { readonly icon: LucideIcon; readonly tone: Tone }>> = {
  running: { icon: LoaderCircle, tone: 'moving' },
  succeeded: { icon: CircleCheck, tone: 'good' },
  failed: { icon: CircleX, tone: 'bad' },
  lost: { icon: CircleHelp, tone: 'bad' },
  'not-started': { icon: CircleSlash, tone: 'bad' },
};

export function RunState({ state }: { readonly state: ScheduledRunView['state'] }) {
  const { t } = useTranslation();
  const { icon, tone } = looks[state];
  return (
    <Chip tone={tone} icon={icon}>
      {t(`jobs.state.${state}`)}
    </Chip>
  );
}
