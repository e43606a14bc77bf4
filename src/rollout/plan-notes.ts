import { blindWorkers, claimingWorkers, heldBack, oldServices, type PlanInput } from './plan-input.ts';
import type { Step, StrategyName } from './plan.ts';
import { upstreamUrl } from './release-zero.ts';
import { canaryShares, sharingWorkers, whyNoCanary } from './strategies/canary.ts';
import { percentText } from './strategies/shared-steps.ts';

/** Why the plan is as it is and what it means, a sentence each. `input` is what was wished for. */
export function planNotes(input: PlanInput, strategy: StrategyName, steps: readonly Step[]): readonly string[] {
  const notes: string[] = [];
  if (strategy === 'recreate' && input.strategy !== 'recreate') {
    notes.push(`pause and switch instead of ${input.strategy}: ${input.cannotRunTwice.join('; ')}`);
  }
  if (strategy === 'blue-green' && input.strategy === 'canary') {
    notes.push(`all users at once instead of a canary: ${whyNoCanary(input)}`);
  }
  if (strategy === 'recreate' && input.from !== null) {
    notes.push('requests are held while the old release stops and the new one starts; the way back is a start too');
  }
  const isRolling = steps.some((step) => step.id === 'stop-1');
  if (isRolling) notes.push('the way back starts old instances again, one after the other');
  if (strategy === 'canary') notes.push(...canaryNotes(input));
  notes.push(...holdbackNotes(input, steps), ...workerNotes(input));
  if (input.before.kind === 'adopted') {
    const url = upstreamUrl(input.before);
    notes.push(`the way back is what was adopted: ${url} goes on running, Lotse neither starts nor stops it`);
  }
  if (input.upstream !== undefined) notes.push('release 0 is routed to; nothing of it is started');
  if (input.before.kind === 'maintenance') notes.push('a first release: the way back is the maintenance page');
  return notes;
}

function workerNotes(input: PlanInput): readonly string[] {
  if (input.from === null || input.upstream !== undefined) return [];
  const blind = blindWorkers([...input.to.services, ...oldServices(input)]).map((service) => service.service);
  return [...new Set(blind)].map(
    (service) => `${service} cannot read a claim: it is stopped, then replaced, and its way back is a start`,
  );
}

function holdbackNotes(input: PlanInput, steps: readonly Step[]): readonly string[] {
  const isHeld = steps.some((step) => step.id === 'shift-rest');
  if (!isHeld || input.from === null) return [];
  return [`${percentText(heldBack(input))} requests stay with ${input.from.release} until the watch is over`];
}

function canaryNotes(input: PlanInput): readonly string[] {
  const shares = canaryShares(input);
  const hasLoad = shares.every(({ expectedMs }) => expectedMs !== null);
  const unknown = 'there is no traffic to go by: nobody can say how long the judge takes at each share';
  const last = shares.at(-1)?.permille ?? 0;
  const sharing = sharingWorkers(input, last).map(({ service }) => service);
  const workers = claimingWorkers(input.to.services).map(({ service }) =>
    sharing.includes(service)
      ? `${service}: old and new instances take work side by side, the share is their number`
      : `${service} has no share: it switches when all requests do`,
  );
  return [...(hasLoad ? [] : [unknown]), ...workers];
}
