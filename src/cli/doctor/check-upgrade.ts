import { LotseError } from '../../core/errors.ts';
import type { Client } from '../client.ts';
import { controlPlaneCalls } from '../control-plane.ts';
import { formatAgo } from '../output.ts';
import { readRecord } from '../upgrade/upgrade-record.ts';
import { fail, ok, warn, type Check } from './check.ts';

const name = 'upgrade';

/** Is the state settled? None for a control plane of a version that does not know of settling. */
export async function checkUpgrade(client: Client, nowMs: number): Promise<readonly Check[]> {
  try {
    const { version, before, unsettled } = await controlPlaneCalls.upgradeState(client);
    const [first] = unsettled;
    if (first === undefined) return [ok(name, `${version} is settled`)];
    const since = formatAgo(Math.min(...unsettled.map((each) => each.since)), nowMs);
    const found = `${before ?? 'an earlier version'} can still go on with this state; what was added ${since} waits to be settled`;
    return [warn(name, found, '`lotse upgrade --settle` when nobody wants it back; --back leads there')];
  } catch (thrown) {
    if (thrown instanceof LotseError && (thrown.code === 'not-found' || thrown.code === 'forbidden')) return [];
    throw thrown;
  }
}

/** An upgrade that was begun on this machine, and whose end nobody has seen. */
export function checkInterruptedUpgrade(state: string): Check | null {
  try {
    const record = readRecord(state);
    if (record === null || record.phase === 'upgraded' || record.phase === 'returned') return null;
    const found = `from ${record.from.version} to ${record.to.version} was begun, and did not come to its end`;
    return fail(name, found, '`lotse upgrade` finishes it or takes it back, unless it runs just now');
  } catch (thrown) {
    return thrown instanceof LotseError ? warn(name, thrown.message, thrown.hint ?? 'look at it') : null;
  }
}
