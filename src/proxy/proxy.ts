import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeErrorCode, toLotseError } from '../core/errors.ts';
import { controlRoutes } from './control-routes.ts';
import { serveControl } from './control-server.ts';
import { identityOf } from './process-identity.ts';
import { ProxyParent } from './proxy-parent.ts';
import { controlSocketPath, lockStateFolder, stateFiles, writeDurably } from './state-folder.ts';

/** Entry of the proxy: `node src/proxy/proxy.ts --state DIR --workers N`. Serves until told to stop, with or without a control plane. */

const usage = 'usage: proxy.ts --state DIR [--workers N]\n';

function log(text: string): void {
  process.stderr.write(`${new Date().toISOString()} proxy ${process.pid}: ${text}\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      state: { type: 'string' },
      workers: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || values.state === undefined) return void process.stdout.write(usage);
  const stateDir = resolve(values.state);
  const socketPath = controlSocketPath(stateDir);
  const lock = lockStateFolder(stateDir);
  const proxy = new ProxyParent(stateDir, Math.max(1, Number(values.workers) || 1));
  const exit = (code: number) => {
    lock.close();
    process.exit(code);
  };
  stopOnSignal(proxy, exit);
  await proxy.start();
  await serveControl(
    socketPath,
    controlRoutes(proxy, () => exit(0)),
  );
  writeDurably(
    join(stateDir, stateFiles.identity),
    JSON.stringify({ ...identityOf(process.pid), proxyStart: proxy.proxyStart }),
  );
  log(`serving (start ${proxy.proxyStart})`);
}

/** The first signal drains, the second ends at once. */
function stopOnSignal(proxy: ProxyParent, exit: (code: number) => void): void {
  let isStopping = false;
  const stop = (signal: string) => {
    log(signal);
    if (isStopping) return exit(1);
    isStopping = true;
    void proxy.stop(30_000).then(() => exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => {});
}

main().catch((thrown: unknown) => {
  const error = toLotseError(thrown);
  log(`${error.code}: ${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}`);
  process.exit(describeErrorCode(error.code).exit);
});
