import { CircleCheck, CircleHelp, CircleSlash, CircleX, LoaderCircle, type LucideIcon } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { JobByHandView } from '../../../src/capabilities/releases/releases-api.ts';
import type { ScheduledRunView } from '../../../src/capabilities/schedules/schedules-api.ts';
import { Chip, type Tone } from '../parts/chip.tsx';

type State = ScheduledRunView['state'] | JobByHandView['state'];

const looks: Readonly<Record<State, { readonly icon: LucideIcon; readonly tone: Tone }>> = {
  running: { icon: LoaderCircle, tone: 'moving' },
  succeeded: { icon: CircleCheck, tone: 'good' },
  failed: { icon: CircleX, tone: 'bad' },
  lost: { icon: CircleHelp, tone: 'bad' },
  unknown: { icon: CircleHelp, tone: 'plain' },
  'not-started': { icon: CircleSlash, tone: 'bad' },
};

export function RunState({ state }: { readonly state: State }) {
  const { t } = useTranslation();
  const { icon, tone } = looks[state];
  return (
    <Chip tone={tone} icon={icon}>
      {t(`jobs.state.${state}`)}
    </Chip>
  );
}
