import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Replayed } from './replay.ts';
import type { Portion } from './replaying-thread.ts';
import type { Setting } from './settings.ts';

export interface ReplayedSetting {
  readonly setting: Setting;
  readonly replays: readonly Replayed[];
}

/** So many replays a thread takes at once. */
const portionSize = 5;
/** More replays of a setting than anybody wants. */
const streamsEach = 100_000;

interface Task extends Portion {
  readonly take: (replayed: readonly Replayed[]) => void;
}

/** Replays each setting so often, on as many threads as there are processors. Errors: those of a replay. */
export async function replayAll(
  settings: readonly Setting[],
  times: number,
  seed: number,
  onDone: (done: ReplayedSetting) => void,
): Promise<readonly ReplayedSetting[]> {
  const results = settings.map((setting): ReplayedSetting & { readonly replays: Replayed[] } => {
    return { setting, replays: [] };
  });
  const open = results.flatMap(({ setting, replays }): readonly Task[] => {
    const take = (replayed: readonly Replayed[]) => {
      replays.push(...replayed);
      if (replays.length === times) onDone({ setting, replays });
    };
    const first = setting.number * streamsEach;
    return portionsOf(times).map((streams) => ({
      setting,
      seed,
      streams: streams.map((stream) => first + stream),
      take,
    }));
  });
  await Promise.all(Array.from({ length: availableParallelism() }, () => replayInThread(open)));
  return results;
}

function portionsOf(times: number): readonly (readonly number[])[] {
  const all = Array.from({ length: times }, (_, number) => number);
  return Array.from({ length: Math.ceil(times / portionSize) }, (_, portion) =>
    all.slice(portion * portionSize, (portion + 1) * portionSize),
  );
}

/** Takes portions until none is open. */
async function replayInThread(open: Task[]): Promise<void> {
  const thread = new Worker(new URL('./replaying-thread.ts', import.meta.url));
  try {
    for (let task = open.shift(); task !== undefined; task = open.shift()) {
      const { take, ...portion } = task;
      const answered = new Promise<readonly Replayed[]>((resolve, reject) => {
        thread.removeAllListeners().once('message', resolve).once('error', reject);
      });
      thread.postMessage(portion);
      take(await answered);
    }
  } finally {
    await thread.terminate();
  }
}
