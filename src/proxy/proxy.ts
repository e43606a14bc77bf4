import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { describeErrorCode, toLotseError } from '../core/errors.ts';
import { ProxyProcess } from './succession/proxy-process.ts';
import { writeLog } from './write-log.ts';

/** Entry of the proxy: `node src/proxy/proxy.ts --state DIR --workers N`. Serves until told to stop, with or without a control plane. */

const usage = 'usage: proxy.ts --state DIR [--workers N] [--successor]\n';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      state: { type: 'string' },
      workers: { type: 'string', default: '1' },
      successor: { type: 'boolean', default: false },
      // Ends when all of it is loaded, so that a compile cache has it.
      'only-load': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values['only-load']) return;
  if (values.help || values.state === undefined) return void process.stdout.write(usage);
  const proxy = new ProxyProcess(resolve(values.state), Math.max(1, Number(values.workers) || 1));
  await (values.successor ? proxy.succeed() : proxy.start());
}

main().catch((thrown: unknown) => {
  const error = toLotseError(thrown);
  const hint = error.hint === undefined ? '' : ` ${error.hint}`;
  writeLog(`${error.code}: ${error.message}${hint}`);
  process.exit(describeErrorCode(error.code).exit);
});
