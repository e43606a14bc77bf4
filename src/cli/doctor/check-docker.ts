import { stat, statfs } from 'node:fs/promises';
import { toLotseError } from '../../core/errors.ts';
import { formatSizeRoughly } from '../../core/quantities.ts';
import type { DockerEngine } from '../../docker-engine/docker-engine.ts';
import type { EngineInfo } from '../../docker-engine/engine-shapes.ts';
import { fail, ok, warn, type Check } from './check.ts';

const name = 'Docker';
const gigabyte = 1e9;
const timeoutMs = 5000;

export interface DockerWishes {
  /** As in DOCKER_HOST. */
  readonly host: string;
  /** The app of this folder goes out as containers. */
  readonly isNeeded: boolean;
}

/** The engine for apps with a Dockerfile: can it be asked, and what is it like? Without such an app it may be missing. */
export async function checkDocker({ host, isNeeded }: DockerWishes): Promise<readonly Check[]> {
  const socket = /^unix:\/\/(\/.+)$/.exec(host)?.[1];
  if (socket === undefined) {
    const found = `${host} is not the socket of an engine on this machine`;
    return [warn(name, found, 'unset DOCKER_HOST, or name one with --docker unix:///var/run/docker.sock')];
  }
  const { DockerEngine } = await import('../../docker-engine/docker-engine.ts');
  const engine = new DockerEngine({ kind: 'socket', path: socket });
  try {
    return await examine(engine, socket);
  } catch (thrown) {
    const { code, message, hint } = toLotseError(thrown);
    const isAbsent = code === 'unreachable' && !(await isThere(socket));
    if (isAbsent && !isNeeded) return [ok(name, `no engine at ${host}; only apps with a Dockerfile need one`)];
    const advice = isAbsent
      ? 'install Docker Engine 20.10 or newer; `target: process` in lotse.yaml needs none'
      : (hint ?? '`docker info` says more');
    return [(isNeeded ? fail : warn)(name, message, advice)];
  } finally {
    engine.close();
  }
}

async function examine(engine: DockerEngine, socket: string): Promise<readonly Check[]> {
  const { Version } = await engine.version();
  const info = await engine.info({ timeoutMs });
  const [{ engineFindings }, { findLocalDaemon }] = await Promise.all([
    import('../../docker-engine/engine-findings.ts'),
    import('../../docker-engine/local-daemon.ts'),
  ]);
  const groups = info.CgroupVersion === undefined ? '' : `, control groups version ${info.CgroupVersion}`;
  const findings = engineFindings(info, await findLocalDaemon(socket));
  return [
    ok(name, `${Version} at ${engine.connection.name}, ${info.Driver}${groups}`),
    ...(await checkDisk(info)),
    ...(await checkSocket(socket)),
    ...findings.map(({ found, advice }) => warn(name, found, advice)),
  ];
}

/** None when its folder is not one of this machine (a virtual machine's, say). */
async function checkDisk({ DockerRootDir }: EngineInfo): Promise<readonly Check[]> {
  const disk = await statfs(DockerRootDir).catch(() => null);
  if (disk === null) return [];
  const free = disk.bavail * disk.bsize;
  const found = `${formatSizeRoughly(free)} free for images in ${DockerRootDir}`;
  const advice =
    '`docker system df` shows what lies there; `docker builder prune` removes nothing that a release needs';
  if (free < gigabyte / 5) return [fail(`${name} disk`, found, advice)];
  return [free < 2 * gigabyte ? warn(`${name} disk`, found, advice) : ok(`${name} disk`, found)];
}

/** Whoever may write to it is root on this machine. */
async function checkSocket(socket: string): Promise<readonly Check[]> {
  const { mode } = await stat(socket);
  if ((mode & 0o002) === 0) return [];
  const found = `every user of this machine may use ${socket}, and is root by that`;
  return [warn(`${name} socket`, found, `chmod o-rw ${socket}`)];
}

async function isThere(socket: string): Promise<boolean> {
  return await stat(socket).then(
    () => true,
    () => false,
  );
}
