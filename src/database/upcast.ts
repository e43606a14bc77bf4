import { LotseError } from '../core/errors.ts';
import type { JournalEvent } from '../core/events.ts';

/** Turns the payload of one version of an event type into that of the next version. Pure; called once per read. */
export interface Upcaster {
  readonly type: string;
  /** The version it reads; it gives `from + 1`. */
  readonly from: number;
  readonly up: (payload: unknown) => unknown;
}

/** Brings an event to the latest version of its type. The stored event, and so its hash, stays as it was written. */
export type Upcast = <Event extends JournalEvent>(event: Event) => Event;

/**
 * Joins upcasters to one function. Refuses (`internal`) two for the same step and a gap in a type's versions. An erased
 * event has no payload to change: only its version is raised.
 */
export function createUpcast(upcasters: readonly Upcaster[]): Upcast {
  const steps = new Map<string, Upcaster>();
  for (const upcaster of upcasters) {
    const key = stepKey(upcaster.type, upcaster.from);
    if (steps.has(key)) throw new LotseError('internal', `There are two upcasters for ${key}.`);
    steps.set(key, upcaster);
  }
  for (const { type, from } of upcasters) {
    if (from > 1 && !steps.has(stepKey(type, from - 1))) {
      throw new LotseError('internal', `${type} has an upcaster from version ${from}, but none from ${from - 1}.`);
    }
  }
  return (event) => {
    let { version, payload } = event;
    for (
      let step = steps.get(stepKey(event.type, version));
      step !== undefined;
      step = steps.get(stepKey(event.type, version))
    ) {
      if (!event.erased) payload = step.up(payload);
      version += 1;
    }
    return version === event.version ? event : { ...event, version, payload };
  };
}

function stepKey(type: string, version: number): string {
  return `${type} ${version}`;
}
