import { LotseError } from '../core/errors.ts';
import type { EventDraft, JournalEvent } from '../core/events.ts';

/** Turns the payload of one version of an event type into that of the next version. Pure; called once per read. */
export interface Upcaster {
  readonly type: string;
  /** The version it reads; it gives `from + 1`. */
  readonly from: number;
  readonly up: (payload: unknown) => unknown;
  /**
   * How the version before Lotse changed the payload would have written it, so that it can read it, and until when that is
   * done: the name of the migration that came with the change (an empty one does). Everything of `from + 1` that `up`
   * cannot make up has to stay in. Left out: no release has ever written `from`.
   */
  readonly untilSettled?: { readonly migration: string; readonly down: (payload: unknown) => unknown };
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

/** Brings a draft to the version that may be written now. Pure, but for what `isSettled` answers. */
export function createDowncast(
  upcasters: readonly Upcaster[],
  isSettled: (migration: string) => boolean,
): (draft: EventDraft) => EventDraft {
  const steps = new Map(upcasters.map((upcaster) => [stepKey(upcaster.type, upcaster.from), upcaster]));
  return (draft) => {
    let { version, payload } = draft;
    for (;;) {
      const form = steps.get(stepKey(draft.type, version - 1))?.untilSettled;
      if (form === undefined || isSettled(form.migration)) break;
      payload = form.down(payload);
      version -= 1;
    }
    return version === draft.version ? draft : { ...draft, version, payload };
  };
}

function stepKey(type: string, version: number): string {
  return `${type} ${version}`;
}
