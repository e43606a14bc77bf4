import { engineFindings } from '../../../docker-engine/engine-findings.ts';
import { findLocalDaemon } from '../../../docker-engine/local-daemon.ts';
import type { DockerMachine } from './docker-machine.ts';

const timeoutMs = 10_000;

/** What this engine cannot do, or does badly, for people. Errors: `unreachable`, `timeout`. */
export async function readNotes({ engine, words }: DockerMachine): Promise<readonly string[]> {
  const info = await engine.info({ timeoutMs });
  const { address } = engine.connection;
  const daemon = address.kind === 'socket' ? await findLocalDaemon(address.path) : null;
  return engineFindings(info, daemon).map(({ found, advice }) => `${words}${found}: ${advice}.`);
}
