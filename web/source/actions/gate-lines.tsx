import { lazy, Suspense } from 'react';
import type { GateResultView, RolloutView } from '../../../src/capabilities/releases/releases-api.ts';
import { later } from '../parts/later.ts';

const ChecklistLines = lazy(async () => ({ default: (await later.checklistLines()).ChecklistLines }));

interface GateLinesProps {
  readonly rollout: RolloutView;
  readonly gate: GateResultView;
}

/** What a gate consists of, where that is more than one thing: the lines of a checklist. */
export function GateLines({ rollout, gate: { gate } }: GateLinesProps) {
  if (!gate.startsWith('checklist')) return null;
  return (
    <Suspense fallback={null}>
      <ChecklistLines rollout={rollout} gate={gate} />
    </Suspense>
  );
}
