import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

export type Tone = 'good' | 'bad' | 'moving' | 'plain';

interface ChipProps {
  readonly tone: Tone;
  readonly icon: LucideIcon;
  readonly children: ReactNode;
  readonly title?: string;
}

/** A state: the words and the sign say it, the colour only repeats it. */
export function Chip({ tone, icon: Icon, children, title }: ChipProps) {
  return (
    <span className="chip" data-tone={tone} title={title}>
      <Icon aria-hidden="true" />
      {children}
    </span>
  );
}
