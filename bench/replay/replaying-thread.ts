import { parentPort } from 'node:worker_threads';
import { Chance } from '../canary/chance.ts';
import { openLibrary } from './library.ts';
import { replay, type Replayed } from './replay.ts';
import type { Setting } from './settings.ts';

/** Replays of one setting, each with a stream of chance of its own: what comes out does not depend on who does it. */
export interface Portion {
  readonly setting: Setting;
  readonly seed: number;
  readonly streams: readonly number[];
}

const library = await openLibrary();
parentPort?.on('message', (portion: Portion) => void replayAll(portion));

async function replayAll({ setting, seed, streams }: Portion): Promise<void> {
  const replayed: Replayed[] = [];
  for (const stream of streams) replayed.push(await replay(library, setting, new Chance(seed, stream)));
  parentPort?.postMessage(replayed);
}
