// A process that sails simulated voyages over the mutated sources, as often as it is asked.
import { sailSeeds } from '../simulation/fleet.ts';
import type { SimulationAnswer, SimulationQuestion } from './rig-messages.ts';
import { activate, attributeTo, hitsAreOver, limitHits, takeCovered } from './switches.ts';
import { unguarded, wordsOf } from './unguarded.ts';

// Hundreds of thousands of simulated calls fail; nobody reads where.
Error.stackTraceLimit = 0;

function tell(answer: SimulationAnswer): void {
  process.send?.(answer);
}

/** What a voyage breaks, else null. Tells of each that breaks nothing. */
async function sail(seed: number, key: string | null): Promise<{ killedBy: string | null; rollouts: number }> {
  attributeTo(key);
  const startedMs = performance.now();
  const { rollouts, counts, failure } = await unguarded(() => sailSeeds(seed, 1));
  const tookMs = performance.now() - startedMs;
  attributeTo(null);
  if (failure !== null) return { killedBy: `voyage ${seed}: ${wordsOf(failure.violations[0])}`, rollouts };
  const covered = key === null ? {} : takeCovered(key);
  tell({ kind: 'sailed', sailed: { seed, rollouts, counts: Object.fromEntries(counts) }, tookMs, covered });
  return { killedBy: null, rollouts };
}

async function baseline(firstSeed: number, wanted: number): Promise<string | null> {
  for (let seed = firstSeed, done = 0; done < wanted; seed++) {
    const { killedBy, rollouts } = await sail(seed, `voyage ${seed}`);
    if (killedBy !== null) return killedBy;
    done += rollouts;
  }
  return null;
}

async function underMutant(id: string, seeds: readonly number[], hitLimit: number): Promise<string | null> {
  activate(id);
  try {
    for (const seed of seeds) {
      limitHits(hitLimit);
      try {
        const { killedBy } = await sail(seed, null);
        if (killedBy !== null) return killedBy;
        if (hitsAreOver()) return `voyage ${seed}: it does not end`;
      } catch (error) {
        return `voyage ${seed}: ${wordsOf(error)}`;
      }
    }
    return null;
  } finally {
    activate(null);
  }
}

async function killerOf(question: SimulationQuestion): Promise<string | null> {
  return question.kind === 'baseline'
    ? await baseline(question.firstSeed, question.rollouts)
    : await underMutant(question.id, question.seeds, question.hitLimit);
}

process.on('message', (question: SimulationQuestion) => {
  void killerOf(question).then((killedBy) => tell({ kind: 'done', killedBy }));
});
process.once('disconnect', () => process.exit());
