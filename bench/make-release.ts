import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ReleaseView } from '../src/capabilities/releases/releases-api.ts';
import type { ControlPlane } from '../src/cli/control-plane.ts';

const pollMs = 25;

/** Makes a release of what lies in a folder: the same source each time, under a commit that `number` makes its own. */
export async function makeRelease(plane: ControlPlane, folder: string, number: number): Promise<ReleaseView> {
  const scratch = await mkdtemp(join(tmpdir(), 'lotse-bench-source-'));
  try {
    const tar = join(scratch, 'source.tar');
    // The same bytes each time, so that the artifact is built once.
    const sameBytes = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
    await promisify(execFile)('tar', ['-cf', tar, ...sameBytes, '-C', folder, '.']);
    const commit = createHash('sha1').update(`release ${number}`).digest('hex');
    const about = { commit, dirty: false, branch: null, subject: `release ${number}` };
    let build = await plane.createRelease({ content: await openAsBlob(tar), ...about });
    while (build.state === 'building') {
      await sleep(pollMs);
      build = await plane.build(build.id);
    }
    if (build.release === null) throw new Error(`the app was not built: ${JSON.stringify(build.error)}`);
    return build.release;
  } finally {
    await rm(scratch, { recursive: true });
  }
}
