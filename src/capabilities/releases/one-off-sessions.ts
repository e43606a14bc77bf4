import { servingRevision } from './one-off-jobs.ts';
import { requireReason, serviceOf } from './one-off-rules.ts';
import type { ReleasesContext } from './releases-context.ts';
import { holdTalk, sessionKinds, type SessionRequest, type Talk } from './session-talk.ts';

/** A program in a place of its own, made as an instance of the service that serves, for as long as somebody sits at it. */
export async function holdOneOff(context: ReleasesContext, request: SessionRequest, channel: Talk): Promise<void> {
  const { scope, service } = request;
  const kind = sessionKinds.oneOff;
  await holdTalk(context, { ...request, kind }, channel, async ({ argv, terminal, reason }, key) => {
    requireReason(scope, reason);
    const revision = await servingRevision(context, scope);
    serviceOf(revision, service);
    const order = await context.engine.oneOffOrder(scope, { revision, service, key, argv, terminal });
    return {
      payload: { service, revision: revision.id },
      news: { opened: { slot: null, revision: revision.id, release: revision.release } },
      open: () => context.target.runOnce(order),
    };
  });
}
