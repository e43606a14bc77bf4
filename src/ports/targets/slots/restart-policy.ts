import type { UnixMs } from '../../../core/ids.ts';

/** What is known of a slot's exits that nobody ordered. */
export interface ExitHistory {
  /** Was any attempt of this slot ever ready? */
  readonly everReady: boolean;
  /** Times of such exits, oldest first; those outside the window do not count. */
  readonly exitsAt: readonly UnixMs[];
}

export interface RestartPolicy {
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  readonly windowMs: number;
  /** So many exits within the window spend the budget. */
  readonly exitsInWindow: number;
  /** The same, for a slot that was never ready. */
  readonly exitsBeforeReady: number;
  /** A slot that is given up gets one more attempt after so long, again and again: a cause outside it may have passed. */
  readonly afterGivingUpMs: number;
}

export const defaultRestartPolicy: RestartPolicy = {
  firstDelayMs: 250,
  longestDelayMs: 30_000,
  windowMs: 5 * 60_000,
  exitsInWindow: 5,
  exitsBeforeReady: 3,
  afterGivingUpMs: 60_000,
};

export type AfterExit =
  { readonly kind: 'restart'; readonly afterMs: number } | { readonly kind: 'gave-up'; readonly why: string };

/** What follows an exit that nobody ordered; the history holds it already. */
export function afterExit(policy: RestartPolicy, history: ExitHistory, now: UnixMs): AfterExit {
  const recent = recentExits(policy, history.exitsAt, now).length;
  if (!history.everReady && recent >= policy.exitsBeforeReady) {
    return { kind: 'gave-up', why: `it ended ${recent} times and was never ready` };
  }
  if (recent >= policy.exitsInWindow) {
    return { kind: 'gave-up', why: `it ended ${recent} times within ${Math.round(policy.windowMs / 60_000)} minutes` };
  }
  const doubled = policy.firstDelayMs * 2 ** Math.max(0, recent - 1);
  return { kind: 'restart', afterMs: Math.min(policy.longestDelayMs, doubled) };
}

export function recentExits(policy: RestartPolicy, exitsAt: readonly UnixMs[], now: UnixMs): readonly UnixMs[] {
  return exitsAt.filter((at) => now - at < policy.windowMs);
}
