import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '../src/cli/client.ts';
import { findConnection } from '../src/cli/connection.ts';
import { ControlPlane } from '../src/cli/control-plane.ts';
import { ControlPlaneProcess } from '../src/cli/control-plane-process.ts';
import { ProxyControl } from '../src/proxy/control-client.ts';
import { endProcessesOf } from './end-processes.ts';
import { freePort } from './free-port.ts';

/** A real control plane, as `lotse serve` starts it, on a state folder of its own. */
export interface RunningControlPlane {
  readonly stateDir: string;
  /** Of the control plane's own process. */
  readonly pid: number;
  readonly plane: ControlPlane;
  /** The proxy that it has started. */
  readonly proxy: ProxyControl;
  /** Where the proxy takes requests for all names. */
  readonly frontPort: number;
  /** Stops it, its proxy and all that runs, and removes the state. */
  stop(): Promise<void>;
}

/** `flags`: further ones of main.ts. */
export async function startControlPlane(app: string, flags: readonly string[] = []): Promise<RunningControlPlane> {
  const stateDir = await mkdtemp(join(tmpdir(), 'lotse-bench-'));
  await chmod(stateDir, 0o711); // apps run as users of their own and pass through it
  const frontPort = await freePort();
  const ports = ['--listen', `127.0.0.1:${await freePort()}`, '--front-port', `${frontPort}`];
  const running = new ControlPlaneProcess({
    args: ['serve', '--state', stateDir, ...ports, ...flags, '--stop-all-on-exit'],
    cwd: stateDir,
    output: { file: join(stateDir, 'output.log') },
  });
  let isStopping = false;
  const onEnd = async (): Promise<void> => {
    if (!isStopping)
      console.log(`the control plane ended by itself:\n${await lastLines(join(stateDir, 'output.log'))}`);
  };
  running.ended.then(onEnd).catch(() => undefined); // that it could not be started is said below
  const stop = async (): Promise<void> => {
    isStopping = true;
    running.kill('SIGINT');
    await running.ended;
    await endProcessesOf(stateDir); // one that was told to stop has left none
    await rm(stateDir, { recursive: true, force: true });
  };
  try {
    await running.ready();
    const { pid } = running;
    if (pid === undefined) throw new Error('the control plane has no process id');
    const client = new Client(findConnection({ env: {}, cwd: stateDir, state: stateDir }));
    const proxy = new ProxyControl(join(stateDir, 'proxy'));
    return { stateDir, pid, plane: new ControlPlane(client, app), proxy, frontPort, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function lastLines(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).trimEnd().split('\n');
  return lines.slice(-20).join('\n');
}
