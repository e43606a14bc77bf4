import { rm } from 'node:fs/promises';
import { readProfiles, type SelfTimes } from './cpu-profile.ts';
import type { Contestant } from './contestant.ts';
import { startLotse } from './lotse-contestant.ts';
import { makeFolder } from './started-program.ts';
import { runWrk, type WrkWishes } from './wrk.ts';

const warmUpSeconds = 1;

/** Where a worker of a real proxy spends its time under load, function by function. */
export async function profileWorker(
  upstream: Contestant,
  core: number,
  load: Omit<WrkWishes, 'port'>,
): Promise<SelfTimes> {
  const profilesFolder = await makeFolder('profiles');
  try {
    const lotse = await startLotse({ upstreamPort: upstream.port, workers: 1, core, profilesFolder });
    let window = { fromUs: 0, toUs: 0 };
    try {
      await runWrk({ ...load, port: lotse.port, seconds: warmUpSeconds });
      const fromUs = nowUs();
      await runWrk({ ...load, port: lotse.port });
      window = { fromUs, toUs: nowUs() };
    } finally {
      await lotse.close();
    }
    return await readProfiles(profilesFolder, window);
  } finally {
    await rm(profilesFolder, { recursive: true, force: true });
  }
}

/** On the clock of V8's profiles. */
function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
