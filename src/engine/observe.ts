import type { AddressStatus } from '../core/routing-document.ts';
import type { Scope } from '../core/ids.ts';
import type { TargetSlot } from '../ports/targets/targets.ts';
import type { Ask } from '../rollout/decide.ts';
import type { Observation, ObservedAnswers, ObservedJob, ObservedSlot } from '../rollout/facts.ts';
import type { EngineParts } from './parts.ts';

/** One look at everything that the machine asked about; `at` is taken last, so nothing in it is newer. */
export async function observe(
  parts: EngineParts,
  scope: Scope,
  slots: readonly TargetSlot[],
  ask: Extract<Ask, { kind: 'observation' }>,
  signal: AbortSignal,
): Promise<Observation> {
  const traffic = await parts.traffic.status();
  const jobs: ObservedJob[] = [];
  for (const key of ask.jobs) {
    const job = await parts.target.observeJob(key);
    if (job !== null) jobs.push(job);
  }
  // Bucket 0 belongs to the newest share as soon as it has one.
  const answers: ObservedAnswers[] = [];
  for (const { revision, times } of ask.answers) {
    answers.push(await parts.traffic.prove({ ...scope, revision, times, bucket: 0 }, signal));
  }
  const seen = slots.map((slot) => ({ ...unaddressed(slot), open: openAt(traffic.addresses, slot.address) }));
  return { at: parts.clock.now(), slots: seen, jobs, answers };
}

/** What the machine sees of a slot; what the proxy has open there is not known yet. */
export function unaddressed({ address: _, ...slot }: TargetSlot): ObservedSlot {
  return { ...slot, open: null };
}

function openAt(addresses: readonly AddressStatus[], address: TargetSlot['address']): number {
  if (address === null) return 0;
  const found = addresses.find((each) => each.address.host === address.host && each.address.port === address.port);
  return found?.activeRequests ?? 0;
}
