import type { PlanInput } from '../plan-input.ts';
import type { Step } from '../plan.ts';
import * as shared from './shared-steps.ts';

/** Old and new side by side, one switch; the old stays warm until the watch is over, so the way back is a switch too. */
export function blueGreenSteps(input: PlanInput): readonly Step[] {
  return [
    shared.startStep(input, shared.startable(input)),
    ...shared.verifyStep(input, 'pinned'),
    ...shared.workersPauseStep(input),
    shared.shiftStep(input),
    ...shared.workersTakeStep(input),
    ...shared.verifyStep(input, 'public'),
    ...shared.watchStep(input),
    ...shared.retireSteps(input),
  ];
}
