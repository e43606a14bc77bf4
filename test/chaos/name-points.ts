/**
 * Names for the points that a control plane passes (LOTSE_CRASH_AT makes it say them), the same in every process that
 * works on the same rollout: how many of its events were written before, what was done, and for which effect.
 */
export function namePoints(labels: readonly string[], writtenBefore: number): readonly string[] {
  const place: Place = { written: writtenBefore, effect: 0, before: '' };
  return labels.map((label) => nameOf(label, place));
}

/** What the control plane said on standard error. */
export function pointsOf(said: readonly string[]): readonly string[] {
  return said.flatMap((line) => (line.startsWith('point: ') ? [line.slice('point: '.length)] : []));
}

/** Passed after a start, before anything of the rollout goes on. */
export const isOfStart = (name: string): boolean => name.startsWith('start:') || name === 'published by itself';

/** What capabilities write and what the judge does is tied to no place among the rollout's own points. */
export const comesAtItsOwnTime = (label: string): boolean => /^(?:committed |judge: )/.test(label);

interface Place {
  written: number;
  /** The effect of the step that is being performed, counted from 1. */
  effect: number;
  before: string;
}

function nameOf(label: string, place: Place): string {
  if (comesAtItsOwnTime(label)) return label;
  const { before } = place;
  place.before = label;
  if (label.startsWith('before writing ')) return `${place.written} ${label}`;
  if (label.startsWith('after writing ')) {
    place.written += label.split(', ').length;
    place.effect = 0;
    return `${place.written} ${label}`;
  }
  if (label.startsWith('before ')) place.effect += 1;
  if (label.startsWith('ensured ') && !/^before (?:ensure|claim)$/.test(before)) return `start: ${label}`;
  if (label === 'published' && !/^before (?:route|job)$/.test(before)) return 'published by itself';
  return `${place.written} ${label} #${place.effect}`;
}
