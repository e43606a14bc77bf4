import { LotseError } from '../core/errors.ts';
import type { UpgradeOptions } from './control-client.ts';
import type { ControlHandler } from './control-server.ts';
import type { EpochName } from './counting/counter-book.ts';
import { readHeads } from './durable-heads.ts';
import type { JournalHeads } from './durable-heads.ts';
import { renderMetrics } from './counting/metrics.ts';
import { HandedOver } from './proxy-parent.ts';
import { readEnvironmentName, readOverrideKind, readOverrideWish } from './document/read-overrides.ts';
import type { ProxyParent } from './proxy-parent.ts';

const defaultReplaceGraceMs = 600_000;
const defaultStopGraceMs = 30_000;

export interface ControlSurroundings {
  /** Answers when the proxy is ready to be asked. */
  readonly ready: Promise<unknown>;
  /** A stop is done and answered. */
  stopped(): void;
  /** Asks the proxy that has taken over. */
  forward: ControlHandler;
}

/** The control protocol, version 1. */
export function controlRoutes(proxy: ProxyParent, { ready, stopped, forward }: ControlSurroundings): ControlHandler {
  return async (method, path, body) => {
    await ready;
    if (!proxy.isRetired) {
      try {
        return await answer(proxy, stopped, { method, path, body });
      } catch (error) {
        if (!(error instanceof HandedOver)) throw error;
      }
    }
    return await forward(method, path, body);
  };
}

interface ControlCall {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

async function answer(proxy: ProxyParent, stopped: () => void, { method, path, body }: ControlCall): Promise<unknown> {
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
      await proxy.acknowledge(readEpochNames(body));
      return {};
    case 'PUT /override':
      await proxy.override(readOverrideWish(body));
      return {};
    case 'POST /override/clear':
      return { isCleared: await proxy.clearOverride(readEnvironmentName(body), readOverrideKind(body)) };
    case 'PUT /journal-heads':
      await proxy.putJournalHeads(readJournalHeads(body));
      return {};
    case 'GET /metrics':
      return renderMetrics(await proxy.figures());
    case 'POST /workers/replace':
      await proxy.replaceWorkers(readMs(body, 'graceMs') ?? defaultReplaceGraceMs);
      return {};
    case 'POST /upgrade':
      return proxy.upgrade(readUpgrade(body));
    case 'POST /stop':
      await proxy.stop(readMs(body, 'graceMs') ?? defaultStopGraceMs);
      setImmediate(stopped);
      return {};
    default:
      throw new LotseError('not-found', `the control protocol has no ${method} ${path}`);
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function readMs(body: unknown, name: string): number | undefined {
  const value = field(body, name);
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw new LotseError('bad-input', `${name} should be a number from 0`);
  return value;
}

function readText(body: unknown, name: string): string | undefined {
  const value = field(body, name);
  if (value !== undefined && typeof value !== 'string') throw new LotseError('bad-input', `${name} should be a text`);
  return value;
}

function readUpgrade(body: unknown): UpgradeOptions {
  const entry = readText(body, 'entry');
  const nodePath = readText(body, 'nodePath');
  const workers = field(body, 'workers');
  if (workers !== undefined && (typeof workers !== 'number' || !Number.isSafeInteger(workers) || workers < 1))
    throw new LotseError('bad-input', 'workers should be a whole number from 1');
  const readyMs = readMs(body, 'readyMs');
  const graceMs = readMs(body, 'graceMs');
  return {
    ...(entry === undefined ? {} : { entry }),
    ...(nodePath === undefined ? {} : { nodePath }),
    ...(workers === undefined ? {} : { workers }),
    ...(readyMs === undefined ? {} : { readyMs }),
    ...(graceMs === undefined ? {} : { graceMs }),
  };
}

function readJournalHeads(body: unknown): JournalHeads {
  const heads = readHeads(body);
  if (heads !== null) return heads;
  throw new LotseError('bad-input', 'journal heads are `{ "<chain>": { "sequence": number, "hash": text } }`');
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
