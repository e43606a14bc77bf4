import { Check, Minus, Undo2, X } from 'lucide-react';
import type { StepView } from '../../../src/capabilities/releases/releases-api.ts';

/** The buoy of a step: each state has a form and a sign of its own, so that none is told by its colour alone. */
export function StepMark({ state }: { readonly state: StepView['state'] }) {
  return (
    <span className="mark" data-state={state} aria-hidden="true">
      <Sign state={state} />
    </span>
  );
}

function Sign({ state }: { readonly state: StepView['state'] }) {
  switch (state) {
    case 'done':
      return <Check />;
    case 'failed':
      return <X />;
    case 'undoing':
    case 'undone':
      return <Undo2 />;
    case 'skipped':
      return <Minus />;
    case 'running':
    case 'next':
      return null;
  }
}
