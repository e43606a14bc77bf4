import { Anchor, Binoculars, CircleCheck, CirclePause, Hourglass, Ship, TriangleAlert, Undo2 } from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { RolloutView } from '../../../src/capabilities/releases/releases-api.ts';
import { Chip, type Tone } from '../parts/chip.tsx';

type Status = RolloutView['status'];

const looks: Readonly<Record<Status, { readonly icon: LucideIcon; readonly tone: Tone }>> = {
  waiting: { icon: Hourglass, tone: 'moving' },
  moving: { icon: Ship, tone: 'moving' },
  paused: { icon: CirclePause, tone: 'moving' },
  watching: { icon: Binoculars, tone: 'good' },
  settling: { icon: Anchor, tone: 'good' },
  returning: { icon: Undo2, tone: 'bad' },
  settled: { icon: CircleCheck, tone: 'good' },
  returned: { icon: Undo2, tone: 'bad' },
  stranded: { icon: TriangleAlert, tone: 'bad' },
};

export function RolloutStatus({ status }: { readonly status: Status }) {
  const { t } = useTranslation();
  const { icon, tone } = looks[status];
  return (
    <Chip tone={tone} icon={icon}>
      {t(`status.${status}`)}
    </Chip>
  );
}
