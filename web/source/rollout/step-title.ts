import type { StepView } from '../../../src/capabilities/releases/releases-api.ts';

/** Steps that every strategy has, by id; the page says them in its own language. */
const known = {
  start: 'start',
  'verify-before': 'verifyBefore',
  'workers-pause': 'workersPause',
  shift: 'shift',
  'shift-rest': 'shiftRest',
  'workers-take': 'workersTake',
  'verify-after': 'verifyAfter',
  watch: 'watch',
  'drain-old': 'drainOld',
  'stop-old': 'stopOld',
  pause: 'pause',
} as const;

export type KnownTitle = (typeof known)[keyof typeof known] | 'share' | 'grow';

/** The word of the page for a step; null: only the server has one (`title`). */
export function knownTitle({ id, permille }: Pick<StepView, 'id' | 'permille'>): KnownTitle | null {
  if (permille !== null && permille < 1_000) return 'share';
  if (/^grow-\d+$/.test(id)) return 'grow';
  return isKnown(id) ? known[id] : null;
}

function isKnown(id: string): id is keyof typeof known {
  return Object.hasOwn(known, id);
}

const releaseFirst = /^r\d+-/;

/** `start r8-9c1d2e3` as `Start r8-9c1d2e3`; the name of a release stays as it is. */
export function sentenceCase(text: string): string {
  if (releaseFirst.test(text)) return text;
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** On its way back a step is called by what takes it back. */
export function serverTitle(step: Pick<StepView, 'state' | 'title' | 'compensation'>): string {
  const isBack = step.state === 'undoing' || step.state === 'undone';
  return sentenceCase(isBack ? (step.compensation ?? step.title) : step.title);
}
