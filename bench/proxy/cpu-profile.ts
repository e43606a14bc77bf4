import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** A .cpuprofile as V8 writes it (Chrome DevTools Protocol, Profiler.Profile). Times in microseconds. */
const cpuProfile = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
    }),
  ),
  /** On the clock of `process.hrtime`. */
  startTime: z.number(),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

type CpuProfile = z.infer<typeof cpuProfile>;

/** Where a process spent its time, idle time left out: samples per function, most first. */
export interface SelfTimes {
  readonly samples: number;
  readonly functions: readonly FunctionTime[];
}

interface FunctionTime {
  /** `name file:line`, or `(garbage collector)`, `(program)` for native code. */
  readonly name: string;
  /** Path of its file below the repository, or `node:net`; empty for native code. */
  readonly file: string;
  readonly part: number;
}

export interface ProfileWindow {
  readonly fromUs: number;
  readonly toUs: number;
}

/** The profile of the busiest process that wrote one into the folder, within a time. */
export async function readProfiles(folder: string, window: ProfileWindow): Promise<SelfTimes> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile'));
  const all = await Promise.all(
    files.map(async (file) =>
      selfTimes(cpuProfile.parse(JSON.parse(await readFile(join(folder, file), 'utf8'))), window),
    ),
  );
  return all.toSorted((one, other) => other.samples - one.samples)[0] ?? { samples: 0, functions: [] };
}

/** @internal */
export function selfTimes(profile: CpuProfile, { fromUs, toUs }: ProfileWindow): SelfTimes {
  const counts = new Map<number, number>();
  let atUs = profile.startTime;
  profile.samples.forEach((id, index) => {
    atUs += profile.timeDeltas[index] ?? 0;
    if (atUs >= fromUs && atUs <= toUs) counts.set(id, (counts.get(id) ?? 0) + 1);
  });
  const byName = new Map<string, { file: string; count: number }>();
  let samples = 0;
  for (const { id, callFrame } of profile.nodes) {
    const count = counts.get(id) ?? 0;
    if (count === 0 || callFrame.functionName === '(idle)') continue;
    samples += count;
    const file = shortened(callFrame.url);
    const where = file === '' ? '' : ` ${file}:${callFrame.lineNumber + 1}`;
    const name = `${callFrame.functionName === '' ? '(nameless)' : callFrame.functionName}${where}`;
    byName.set(name, { file, count: (byName.get(name)?.count ?? 0) + count });
  }
  const functions = [...byName].map(([name, { file, count }]) => ({ name, file, part: count / samples }));
  return { samples, functions: functions.toSorted((one, other) => other.part - one.part) };
}

/** What part of the time was spent in files whose path matches. */
export function partOf(times: SelfTimes, files: RegExp): number {
  return times.functions.filter(({ file }) => files.test(file)).reduce((sum, { part }) => sum + part, 0);
}

function shortened(url: string): string {
  const source = /\/(src\/.*)$/.exec(url)?.[1];
  return source ?? url;
}
