import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProxy } from '../../src/proxy/start-proxy.ts';
import type { RoutedEnvironment, RoutedService, RoutingDocument } from '../../src/core/routing-document.ts';
import { freePort } from '../free-port.ts';
import { pinned } from '../pinned.ts';
import { goFirst } from '../priority.ts';
import { hostName, type Contestant, type Placement } from './contestant.ts';
import { makeFolder } from './started-program.ts';

/** `profilesFolder`: each process of the proxy writes a CPU profile there when it ends. */
export interface LotseWishes extends Placement {
  readonly profilesFolder?: string;
}

/** How often a profile looks where the process is, in microseconds. */
const profileIntervalUs = 250;
const stopMs = 2_000;

/** The proxy as the control plane starts it, with the document that a deployed service has. */
export async function startLotse(wishes: LotseWishes): Promise<Contestant> {
  const { workers, core, profilesFolder } = wishes;
  const folder = await makeFolder('lotse');
  const port = await freePort();
  const nodePath = join(folder, 'node');
  const environment =
    profilesFolder === undefined
      ? ''
      : `NODE_OPTIONS='--cpu-prof --cpu-prof-interval=${profileIntervalUs} --cpu-prof-dir=${profilesFolder}' `;
  const command = pinned(core, [process.execPath]).join(' ');
  await writeFile(nodePath, `#!/bin/sh\n${environment}exec ${command} "$@"\n`);
  await chmod(nodePath, 0o755);
  const stateDir = join(folder, 'state');
  await mkdir(stateDir, { mode: 0o700 });
  const proxy = await startProxy({ stateDir, nodePath, workers });
  const close = async (): Promise<void> => {
    await proxy.stop(stopMs);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { problems } = await proxy.putDocument(documentFor(port, wishes));
    if (problems.length > 0) throw new Error(problems.join('; '));
    const { pid } = await proxy.status();
    await goFirst(pid); // it has a session of its own
    return { name: `Lotse${workers > 1 ? `, ${workers} workers` : ''}`, port, pid, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function documentFor(port: number, { upstreamPort, certificate }: Placement): RoutingDocument {
  const certificates = certificate === undefined ? [] : [{ names: [hostName], ...certificate }];
  return {
    format: 1,
    fence: 1,
    version: 1,
    probeKey: '00'.repeat(32),
    frontPort: certificate === undefined ? port : null,
    frontHost: '127.0.0.1',
    tls: certificate === undefined ? null : { port, certificates },
    challenges: [],
    trustedProxies: [],
    accessLogPermille: 10,
    environments: [environmentFor(upstreamPort)],
  };
}

function environmentFor(upstreamPort: number): RoutedEnvironment {
  const revision = 'r1';
  const service: RoutedService = {
    ...{ service: 'web', path: '/', stickiness: { kind: 'cookie' } },
    instances: [{ slot: 1, address: { host: '127.0.0.1', port: upstreamPort }, state: 'accepting', drainMs: 30_000 }],
    ...{ internalPort: null, lateAfterMs: [10, 100, 1_000, 10_000], assets: null, readyPath: null },
  };
  return {
    ...{ app: 'bench', environment: 'production', domains: [hostName], port: null, mode: { kind: 'serving' } },
    ...{ epoch: 1, salt: 'salt', shares: [{ revision, permille: 1000 }], previewDomains: [], https: null },
    revisions: [{ revision, release: 'release-1', pinnedPort: null, services: [service] }],
  };
}
