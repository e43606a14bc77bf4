/** One thing that a bench holds a figure to. */
export interface Goal {
  readonly title: string;
  readonly figure: number | string | null;
  /** In words, e.g. `0` or `< 160`. */
  readonly wanted: string;
  readonly holds: boolean;
}

export interface Outcome {
  readonly bench: string;
  readonly isQuick: boolean;
  /** One that is missed fails the bench. */
  readonly musts: readonly Goal[];
  /** Said, and nothing more. */
  readonly aims: readonly Goal[];
  /** What the figures come from, as the tables show it. */
  readonly figures: unknown;
}

/** Says what holds, then all of it as the last line, and sets the exit code: 1 when a must is missed. */
export function tell(outcome: Outcome): void {
  const { musts, aims } = outcome;
  for (const [kind, goals] of [
    ['must', musts],
    ['aim', aims],
  ] as const) {
    for (const { title, figure, wanted, holds } of goals) {
      console.log(`${holds ? '✓' : '✗'} ${kind}  ${title}: ${figure ?? 'not measured'} (wanted: ${wanted})`);
    }
  }
  const holds = musts.length > 0 && musts.every((goal) => goal.holds);
  console.log(`RESULT ${JSON.stringify({ ...outcome, holds })}`);
  process.exitCode = holds ? 0 : 1;
}
