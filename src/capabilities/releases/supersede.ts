import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from '../../core/events.ts';
import { LotseError } from '../../core/errors.ts';
import type { ReleaseId, Scope } from '../../core/ids.ts';
import { definitionAfterReturn } from './definition-after.ts';
import type { ReleasesContext } from './releases-context.ts';

/** One that has ordered nothing ends at once; longer than this the newer deploy does not wait, in milliseconds. */
const endMs = 10_000;

export interface Newer {
  readonly release: ReleaseId;
  readonly by: Actor;
  readonly reason: string | null;
}

/**
 * Ends a deploy that still waits at its first gates and has ordered nothing: a newer one takes its place. One that is
 * under way, or that a person has paused, is left alone.
 */
export async function supersedeWaiting(context: ReleasesContext, scope: Scope, newer: Newer): Promise<void> {
  const { rollout } = context.engine.view(scope);
  if (rollout === null || rollout.end !== null || rollout.plan.kind !== 'deploy') return;
  if (rollout.index !== 0 || rollout.stage !== 'next' || rollout.pause !== null) return;
  const { release, by: actor, reason } = newer;
  try {
    await context.engine.command(scope, { kind: 'supersede', actor, reason, release });
  } catch (error) {
    // Its gates have opened just now: it is under way.
    if (error instanceof LotseError && error.code === 'conflict') return;
    throw error;
  }
  const deadline = context.now() + endMs;
  while (context.engine.view(scope).rollout?.end === null && context.now() < deadline) await sleep(10);
  await definitionAfterReturn(context, scope, rollout.plan, context.now());
}
