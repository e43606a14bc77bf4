import type { Address } from '../../core/routing-document.ts';
import type { PlanInput } from '../plan-input.ts';
import type { Step, TrafficLevel } from '../plan.ts';
import { releaseZero, upstreamUrl } from '../release-zero.ts';
import * as moves from './moves.ts';
import * as shared from './shared-steps.ts';

/**
 * Back to release 0. Nothing of it is started: users first, then what serves now finishes what it has, and stops with
 * its workers.
 */
export function handBackSteps(input: PlanInput, { host, port }: Address): readonly Step[] {
  const level: TrafficLevel = { kind: 'adopted', host, port };
  return [shiftStep(input, level, upstreamUrl({ host, port })), ...shared.retireSteps(input, level)];
}

function shiftStep({ from, gates }: PlanInput, level: TrafficLevel, url: string): Step {
  return moves.step({
    id: 'shift',
    phase: 'shift',
    title: `send all requests back to ${url}`,
    effects: [moves.route(level)],
    until: [moves.answeringAs(releaseZero.revision)],
    gates: gates.map((gate) => gate.id),
    compensation:
      from === null
        ? null
        : {
            title: `send all requests to ${from.release}`,
            effects: [moves.route(moves.everything(from.id))],
            until: moves.answering(from),
            deadlineMs: moves.answerDeadlineMs,
            ifFails: 'strand',
          },
    expectedMs: 1_000,
    makesLive: true,
  });
}
