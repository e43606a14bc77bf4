import type { InstanceRoute } from '../routing/route-table.ts';
import type { Upstream } from './upstream.ts';

/**
 * The instance with the fewest requests in flight, in turn among equals (`turn` is any growing number), without those
 * in `tried` and without ejected ones. When only ejected ones are left they are tried all the same: an ejection may be
 * out of date, and nothing is lost by asking.
 */
export function pickInstance(
  instances: readonly InstanceRoute[],
  tried: readonly Upstream[],
  turn: number,
  nowMs: number,
): InstanceRoute | null {
  let best: InstanceRoute | null = null;
  let fallback: InstanceRoute | null = null;
  for (let i = 0; i < instances.length; i++) {
    const candidate = instances[(turn + i) % instances.length];
    if (candidate === undefined || (tried.length > 0 && tried.includes(candidate.upstream))) continue;
    if (candidate.upstream.isEjected(nowMs)) fallback ??= candidate;
    else if (best === null || candidate.upstream.active < best.upstream.active) best = candidate;
  }
  return best ?? fallback;
}
