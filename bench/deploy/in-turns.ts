export interface Turn {
  /** How often in all. */
  readonly count: number;
  /** Both numbers count from 1: the round, and which time of this one it is. */
  readonly take: (round: number, time: number) => Promise<void>;
}

/**
 * Round by round, so that what disturbs the machine disturbs all of them. One whose count is smaller than the others' sits
 * out some rounds, evenly spread.
 */
export async function inTurns(turns: readonly Turn[]): Promise<void> {
  const rounds = Math.max(...turns.map((turn) => turn.count));
  for (let round = 1; round <= rounds; round++) {
    for (const { count, take } of turns) {
      const time = Math.floor((round * count) / rounds);
      if (time > Math.floor(((round - 1) * count) / rounds)) await take(round, time);
    }
  }
}
