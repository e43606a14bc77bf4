import { setTimeout as sleep } from 'node:timers/promises';
import { toLotseError } from '../../../core/errors.ts';
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

/**
 * Asks for the proxy again and again, so that one that has gone is started although nothing else needs it just now. A
 * problem is told once. Answers how to end it; resolves when no start is under way any more.
 */
export function keepProxyAlive(
  proxy: () => Promise<ProxyControl>,
  onProblem: (message: string) => void,
): () => Promise<void> {
  const closing = new AbortController();
  const watch = async (): Promise<void> => {
    let told = '';
    while (!closing.signal.aborted) {
      const problem = await proxy().then(
        () => '',
        (error: unknown) => toLotseError(error).message,
      );
      if (problem !== '' && problem !== told) onProblem(problem);
      told = problem;
      await sleep(checkedMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  };
  const watching = watch();
  return async () => {
    closing.abort();
    await watching;
  };
}
