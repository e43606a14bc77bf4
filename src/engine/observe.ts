import type { AddressStatus } from '../core/routing-document.ts';
import type { Scope } from '../core/ids.ts';
import type { TargetSlot } from '../ports/targets/targets.ts';
import type { Ask } from '../rollout/decide.ts';
import type { Judgement } from '../rollout/judge/judgement.ts';
import type { Observation, ObservedAnswers, ObservedJob, ObservedSlot } from '../rollout/facts.ts';
import type { EngineParts } from './parts.ts';

/** What looking needs beside the engine's parts. */
export interface Looking {
  readonly scope: Scope;
  /** The slots as they are now; asked after what may take long. */
  readonly slots: () => Promise<readonly TargetSlot[]>;
  readonly judgement: Judgement | null;
  readonly signal: AbortSignal;
}

/** One look at everything that the machine asked about; `at` is taken last, so nothing in it is newer. */
export async function observe(
  parts: EngineParts,
  ask: Extract<Ask, { kind: 'observation' }>,
  { scope, slots, judgement, signal }: Looking,
): Promise<Observation> {
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
  const known = await slots();
  const addresses = ask.open ? (await parts.traffic.status()).addresses : null;
  const seen = known.map((slot) => ({ ...unaddressed(slot), open: openAt(addresses, slot.address) }));
  return { at: parts.clock.now(), slots: seen, jobs, answers, judgement };
}

/** What the machine sees of a slot; what the proxy has open there is not known yet. */
export function unaddressed({ address: _, ...slot }: TargetSlot): ObservedSlot {
  return { ...slot, open: null };
}

function openAt(addresses: readonly AddressStatus[] | null, address: TargetSlot['address']): number | null {
  if (addresses === null) return null;
  if (address === null) return 0;
  const { host, port, server } = address;
  const found = addresses.find((each) => {
    return each.address.host === host && each.address.port === port && each.address.server === server;
  });
  return found?.activeRequests ?? 0;
}
