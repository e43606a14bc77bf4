import { LotseError } from '../core/errors.ts';
import type { ControlHandler } from './control-server.ts';
import type { EpochName } from './counter-book.ts';
import { readHeads } from './durable-heads.ts';
import { renderMetrics } from './metrics.ts';
import type { ProxyParent } from './proxy-parent.ts';

const defaultReplaceGraceMs = 600_000;
const defaultStopGraceMs = 30_000;

/** The control protocol, version 1. `onStopped` is called when a stop is done and answered. */
export function controlRoutes(proxy: ProxyParent, onStopped: () => void): ControlHandler {
  return async (method, path, body) => {
    switch (`${method} ${path}`) {
      case 'PUT /document':
        return proxy.putDocument(body);
      case 'GET /document':
        return { document: proxy.document };
      case 'GET /status':
        return proxy.status();
      case 'GET /counters':
        return { counters: await proxy.counters() };
      case 'POST /counters/acknowledge':
        proxy.acknowledge(readEpochNames(body));
        return {};
      case 'PUT /journal-heads': {
        const heads = readHeads(body);
        if (heads === null)
          throw new LotseError('bad-input', 'journal heads are `{ "<chain>": { "sequence": number, "hash": text } }`');
        proxy.putJournalHeads(heads);
        return {};
      }
      case 'GET /metrics':
        return renderMetrics(await proxy.status(), await proxy.counters());
      case 'POST /workers/replace':
        await proxy.replaceWorkers(readGraceMs(body, defaultReplaceGraceMs));
        return {};
      case 'POST /stop':
        await proxy.stop(readGraceMs(body, defaultStopGraceMs));
        setImmediate(onStopped);
        return {};
      default:
        throw new LotseError('not-found', `the control protocol has no ${method} ${path}`);
    }
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function readGraceMs(body: unknown, otherwise: number): number {
  const graceMs = field(body, 'graceMs');
  if (graceMs === undefined) return otherwise;
  if (typeof graceMs !== 'number' || !Number.isFinite(graceMs) || graceMs < 0)
    throw new LotseError('bad-input', 'graceMs should be a number from 0');
  return graceMs;
}

function readEpochNames(body: unknown): readonly EpochName[] {
  const epochs = field(body, 'epochs');
  if (!Array.isArray(epochs)) throw new LotseError('bad-input', 'epochs should be a list');
  return epochs.map((entry: unknown) => {
    const app = field(entry, 'app');
    const environment = field(entry, 'environment');
    const epoch = field(entry, 'epoch');
    const proxyStart = field(entry, 'proxyStart');
    if (
      typeof app !== 'string' ||
      typeof environment !== 'string' ||
      typeof epoch !== 'number' ||
      typeof proxyStart !== 'string'
    ) {
      throw new LotseError('bad-input', 'an epoch is named by app, environment, epoch and proxyStart');
    }
    return { app, environment, epoch, proxyStart };
  });
}
