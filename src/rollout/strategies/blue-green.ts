import { heldBack, type PlanInput } from '../plan-input.ts';
import type { Step } from '../plan.ts';
import * as shared from './shared-steps.ts';

/** Old and new side by side, one switch; the old stays warm until the watch is over, so the way back is a switch too. */
export function blueGreenSteps(input: PlanInput): readonly Step[] {
  const taken = [
    shared.shiftStep(input),
    ...shared.workersTakeStep(input),
    ...shared.verifyStep(input, 'after'),
    ...shared.watchStep(input),
  ];
  return [
    shared.startStep(input, shared.startable(input)),
    ...shared.verifyStep(input, 'before'),
    ...shared.workersPauseStep(input),
    ...(heldBack(input) === 0 ? taken : shared.usersFirst([shared.routeBack(input)], taken)),
    ...shared.shiftRestStep(input),
    ...shared.retireSteps(input),
  ];
}
