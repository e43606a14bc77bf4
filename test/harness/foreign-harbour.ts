import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { freePorts } from '../../src/proxy/fixtures/running-proxy.ts';
import { ForeignApp, type Harbour } from './foreign-app.ts';
import { RunningLotse } from './running-lotse.ts';
import { endProcessesOf } from './state-processes.ts';

/**
 * One Lotse for all apps of a suite, started by `lotse serve`. Called inside `describe`; answers how an app gets there.
 * `flags` are more words for that command; `afterEnd` is called when all has ended, before its state folder goes.
 */
export function foreignHarbour(
  flags: readonly string[] = [],
  afterEnd?: (state: string) => Promise<void>,
): (name: string) => ForeignApp {
  const root = mkdtempSync(join(tmpdir(), 'lotse-foreign-'));
  chmodSync(root, 0o711); // users of the environments pass through it
  const harbour = { state: join(root, 'state'), listen: '', http: '' };
  before(async () => {
    Object.assign(harbour, await freePlaces());
    const line = ['serve', '--state', harbour.state, '--listen', harbour.listen, '--http', harbour.http, ...flags];
    const serving = new RunningLotse(line, { cwd: root });
    await serving.until('it serves', (stdout) => /^Lotse serves/m.test(stdout));
  });
  after(async () => {
    await endProcessesOf(root);
    await afterEnd?.(harbour.state);
    await endHarbour(root);
  });
  return (name) => new ForeignApp(name, root, harbour);
}

export async function freePlaces(): Promise<Pick<Harbour, 'listen' | 'http'>> {
  const [api, front] = await freePorts(2);
  return { listen: `127.0.0.1:${api}`, http: `127.0.0.1:${front}` };
}

/** Ends all that runs on a folder, and removes it. */
export async function endHarbour(root: string): Promise<void> {
  await endProcessesOf(root);
  execFileSync('chmod', ['-R', 'u+rwX', root]); // sealed folders, for those who are not root
  rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
