import type { ProxyControl } from '../../../proxy/control-client.ts';
import { startProxy } from '../../../proxy/start-proxy.ts';

/** For how long an answer of the proxy counts as a sign of life, in milliseconds. */
const checkedMs = 1_000;

/** Answers the proxy that runs on this state folder; starts one when there is none, or when it has gone. */
export function proxyKeeper(stateDir: string, nodePath: string): () => Promise<ProxyControl> {
  let known: { readonly proxy: Promise<ProxyControl>; readonly at: number } | null = null;
  return async () => {
    if (known === null || Date.now() - known.at > checkedMs) {
      known = { proxy: startProxy({ stateDir, nodePath }), at: Date.now() };
    }
    const { proxy } = known;
    return await proxy.catch((error: unknown) => {
      known = null;
      throw error;
    });
  };
}
