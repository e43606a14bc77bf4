import { setTimeout as sleep } from 'node:timers/promises';
import { toLotseError } from '../../../core/errors.ts';
import { ProxyControl } from '../../../proxy/control-client.ts';
import { awaitProxy, ownProxyBuild, startProxy, upgradeToOwnBuild } from '../../../proxy/start-proxy.ts';

/** For how long an answer of the proxy counts as a sign of life, in milliseconds. */
const checkedMs = 1_000;
/** How often it is asked whether the proxy is of this build, in milliseconds. */
const upgradeAgainMs = 600_000;

interface KeeperOptions {
  /**
   * A service manager starts the proxy, as a user of its own: it is waited for, and never started from here, where it would
   * leave files that that user cannot read.
   */
  readonly isUnit?: boolean;
}

/**
 * Answers the proxy that runs on this state folder; starts one when there is none, or when it has gone. A proxy of another
 * build hands over to this one's, and goes on serving meanwhile; what came of it is told to `note`.
 */
export function proxyKeeper(
  stateDir: string,
  nodePath: string,
  note: (message: string) => void = () => {},
  { isUnit = false }: KeeperOptions = {},
): () => Promise<ProxyControl> {
  let known: { readonly proxy: Promise<ProxyControl>; readonly at: number } | null = null;
  const control = new ProxyControl(stateDir, { keepsConnections: true });
  const find = () => (isUnit ? awaitProxy(control) : startProxy({ stateDir, nodePath, control }));
  const bringUp = upgradeOnce(nodePath, note);
  return async () => {
    if (known === null || Date.now() - known.at > checkedMs) {
      known = { proxy: find(), at: Date.now() };
      known.proxy.then(bringUp).catch(() => {});
    }
    const { proxy } = known;
    return await proxy.catch((error: unknown) => {
      known = null;
      throw error;
    });
  };
}

/** Lets a proxy of another build hand over to this one; looked for at once and then once in a while. */
function upgradeOnce(nodePath: string, note: (message: string) => void): (proxy: ProxyControl) => Promise<void> {
  const own = ownProxyBuild();
  let askedAt = Number.NEGATIVE_INFINITY;
  return async (proxy) => {
    if (Date.now() - askedAt < upgradeAgainMs) return;
    askedAt = Date.now();
    const { build, pid } = await proxy.status().catch((error: unknown) => {
      askedAt = Number.NEGATIVE_INFINITY;
      throw error;
    });
    if (build === own) return;
    try {
      const next = await upgradeToOwnBuild(proxy, nodePath);
      note(`the proxy ${pid} (${build}) has handed over to ${next.pid} (${next.build})`);
    } catch (error) {
      const { message, details } = toLotseError(error);
      note(
        `the proxy ${pid} (${build}) goes on, because it could not hand over to ${own}: ${message} ${details.join(' | ')}`,
      );
    }
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
