import { toLotseError } from '../core/errors.ts';
import { engineFindings } from '../docker-engine/engine-findings.ts';
import type { EngineFinding } from '../docker-engine/engine-findings.ts';
import type { ServerEngine, ServerEngineOptions } from './server-engine.ts';
import { openServerEngine } from './server-engine.ts';

/** What is to be said of a machine of `servers:`. */
export interface ServerLook {
  readonly server: string;
  /** Its engine; null: it could not be asked. */
  readonly engine: string | null;
  /** Why not, and what to do; null: it answers. */
  readonly problem: string | null;
  readonly hint: string | null;
  readonly findings: EngineFinding[];
}

const infoMs = 10_000;

/** Asks its engine by a connection of its own, and changes nothing there. Never rejects: what is wrong is the answer. */
export async function lookAtServer(options: ServerEngineOptions): Promise<ServerLook> {
  const nothing = { server: options.address, engine: null, findings: [] };
  let opened: ServerEngine | null = null;
  try {
    opened = await openServerEngine(options);
    const { Version } = await opened.engine.version();
    const info = await opened.engine.info({ timeoutMs: infoMs });
    const groups = info.CgroupVersion === undefined ? '' : `, control groups version ${info.CgroupVersion}`;
    const engine = `Docker ${Version}, ${info.Driver}${groups}`;
    return { server: options.address, engine, problem: null, hint: null, findings: [...engineFindings(info, null)] };
  } catch (thrown) {
    const { message, hint = null } = toLotseError(thrown);
    return { ...nothing, problem: message, hint };
  } finally {
    await opened?.close();
  }
}
