import { LotseError } from '../../core/errors.ts';
import type { ServiceName } from '../../core/ids.ts';
import type { TargetSlot } from '../../ports/targets/targets.ts';
import { servingRevision } from './one-off-jobs.ts';
import type { ReleasesContext } from './releases-context.ts';
import { holdTalk, sessionKinds, type SessionRequest, type Talk } from './session-talk.ts';

/** A program in an instance that serves. */
export async function holdSession(context: ReleasesContext, request: SessionRequest, channel: Talk): Promise<void> {
  const { scope, service } = request;
  const kind = sessionKinds.entered;
  await holdTalk(context, { ...request, kind }, channel, async ({ argv, terminal, slot: wanted }) => {
    const revision = await servingRevision(context, scope);
    const slot = chooseSlot(await context.target.observe(scope), { service, revision: revision.id }, wanted);
    const where = { service, slot: slot.slot, revision: revision.id };
    const server = slot.server === undefined ? {} : { server: slot.server };
    return {
      payload: where,
      news: { opened: { slot: slot.slot, revision: revision.id, release: revision.release } },
      open: () => context.target.enter({ ...scope, ...where, ...server, argv, terminal }),
    };
  });
}

interface Wanted {
  readonly service: ServiceName;
  readonly revision: string;
}

/** Errors: `not-found`, `conflict`. */
function chooseSlot(slots: readonly TargetSlot[], { service, revision }: Wanted, wanted: number | null): TargetSlot {
  const serving = slots.filter((slot) => slot.revision === revision);
  const own = serving.filter((slot) => slot.service === service).toSorted((a, b) => a.slot - b.slot);
  const found =
    wanted === null ? (own.find(({ state }) => state === 'ready') ?? own[0]) : own.find(({ slot }) => slot === wanted);
  if (found !== undefined) return found;
  const names = [...new Set(serving.map((slot) => slot.service))].join(', ');
  if (own.length === 0) {
    throw new LotseError('not-found', `No instance of a service ${JSON.stringify(service)} serves here`, {
      hint: names === '' ? 'Nothing runs here.' : `There are instances of ${names}.`,
    });
  }
  throw new LotseError('not-found', `${service} has no instance ${wanted}`, {
    hint: `It has ${own.map(({ slot }) => slot).join(', ')}.`,
  });
}
