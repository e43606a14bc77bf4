import type { EvidencePoint } from './judgement.ts';

/** A chart needs no more. */
export const mostPoints = 240;

/**
 * Adds a point and keeps at most `mostPoints`, spread evenly over any length of time. The newest one is always the last;
 * it gives way to the next as long as it stands too close to the one before.
 */
export function withPoint(points: readonly EvidencePoint[], point: EvidencePoint): readonly EvidencePoint[] {
  const lengthMs = point.at - (points[0]?.at ?? point.at);
  const last = points.at(-1);
  const before = points.at(-2);
  const isClose = last !== undefined && before !== undefined && last.at - before.at < lengthMs / mostPoints;
  const all = [...(isClose ? points.slice(0, -1) : points), point];
  return all.length <= mostPoints ? all : thinned(all, lengthMs / (mostPoints / 2));
}

/** At least so far apart, but for the last one. */
function thinned(points: readonly EvidencePoint[], distanceMs: number): readonly EvidencePoint[] {
  let keptAt = -Infinity;
  return points.filter(({ at }, index) => {
    const isKept = at - keptAt >= distanceMs || index === points.length - 1;
    if (isKept) keptAt = at;
    return isKept;
  });
}
