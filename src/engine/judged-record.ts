import type { Plan } from '../rollout/plan.ts';
import type { Judged } from './judged-rollout.ts';

/** Grows whenever what is written means something else than before. */
const format = 1;

/** Where it is kept what was thought of a rollout in the end, for whoever asks later. */
export function recordKey({ app, rollout }: Pick<Plan, 'app' | 'rollout'>): string {
  return `judged:${app}/${rollout}`;
}

export function formatJudged(judged: Judged): string {
  return JSON.stringify({ format, judged });
}

/** Null: there is none, or it is of another version. */
export function parseJudged(text: string | null): Judged | null {
  if (text === null) return null;
  const row = JSON.parse(text) as { readonly format: number; readonly judged: Judged }; // parsed: written by `formatJudged` alone
  return row.format === format ? row.judged : null;
}
