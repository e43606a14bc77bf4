import { setTimeout as sleep } from 'node:timers/promises';
import type { ProxyControl } from '../../../proxy/control-client.ts';
import { findProxy, hasServed } from '../../../proxy/start-proxy.ts';

/** Workers of a proxy that died let their ports go when the next one is there; within so many milliseconds. */
const letGoMs = 5_000;
const pollMs = 50;

/**
 * Looks before anything is begun whether the front ports can be opened. A proxy that runs has them. One that served here
 * and died may have left workers that still serve on them, so the next one is started first. `fronts`: by the option that
 * chooses each. Errors: those of `refuse`, which says that another program has a port.
 */
export async function refuseTakenFronts(
  stateDir: string,
  proxy: () => Promise<ProxyControl>,
  fronts: Readonly<Record<string, number | null>>,
  refuse: (port: number, option: string) => Promise<void>,
): Promise<void> {
  if ((await findProxy(stateDir)) !== null) return;
  const own = hasServed(stateDir) ? await openPorts(await proxy()) : new Set<number>();
  for (const [option, port] of Object.entries(fronts)) {
    if (port !== null && !own.has(port)) await refuse(port, option);
  }
}

/** Front ports that this proxy has open, once it has what it can get. */
async function openPorts(proxy: ProxyControl): Promise<ReadonlySet<number>> {
  const document = await proxy.document();
  const wanted = [document?.frontPort ?? null, document?.tls?.port ?? null].filter((port) => port !== null);
  const untilMs = performance.now() + letGoMs;
  for (;;) {
    const { problems } = await proxy.status();
    const open = wanted.filter((port) => !problems.some((problem) => problem.startsWith(`port-taken: port ${port} `)));
    if (open.length === wanted.length || performance.now() > untilMs) return new Set(open);
    await sleep(pollMs);
  }
}
