import type { Address } from '../../../core/routing-document.ts';
import type { ServiceOrder, JobOrder, Variables } from '../targets.ts';
import type { KeptVariable } from './sealing.ts';
import { openVariables, sealVariables } from './sealing.ts';

// The shapes below are written by targets only, each file whole or not at all, so reading back is a cast.

/** An order on the disk: as it came, with its secrets sealed. */
type Kept<Order extends { readonly variables: Variables }> = Omit<Order, 'variables'> & {
  readonly format: 1;
  readonly kept: Readonly<Record<string, KeptVariable>>;
};

export function formatOrder(key: Buffer, order: ServiceOrder | JobOrder): string {
  const { variables, ...rest } = order;
  return `${JSON.stringify({ format: 1, ...rest, kept: sealVariables(key, variables) }, null, 1)}\n`;
}

export function parseServiceOrder(key: Buffer, text: string): ServiceOrder {
  const { kept, format: _, ...order } = JSON.parse(text) as Kept<ServiceOrder>;
  return { ...order, variables: openVariables(key, kept) };
}

export function parseJobOrder(key: Buffer, text: string): JobOrder {
  const { kept, format: _, ...order } = JSON.parse(text) as Kept<JobOrder>;
  return { ...order, variables: openVariables(key, kept) };
}

/** What a slot must not forget. */
export interface SlotRecord {
  readonly attempt: number;
  /** The last attempt whose end was counted. */
  readonly accounted: number;
  readonly unexpectedExits: number;
  readonly exitsAt: readonly number[];
  readonly everReady: boolean;
  /** Its address; null: it has none. Records without a host are of a time when all were on loopback. */
  readonly port: number | null;
  readonly host?: string;
  /** Why the budget is spent; null: it is not. */
  readonly gaveUp: string | null;
  /** When the drain is over, in ms since 1970; null: it is not being stopped. */
  readonly stopBy: number | null;
  readonly stopped: boolean;
  readonly note: string | null;
  readonly bootId: string;
}

export function addressOf(record: Pick<SlotRecord, 'host' | 'port'>): Address | null {
  return record.port === null ? null : { host: record.host ?? '127.0.0.1', port: record.port };
}

export function parseSlotRecord(text: string): SlotRecord {
  return JSON.parse(text) as SlotRecord;
}

/** What a job must not forget beside its order. */
export interface JobRecord {
  readonly deadline: number;
  /** Set before the first signal is sent. */
  readonly ending: 'cancelled' | 'overdue' | null;
  /** Set once nothing of it is left. */
  readonly outcome: JobOutcome | null;
}

export interface JobOutcome {
  readonly state: 'succeeded' | 'failed' | 'lost';
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export function parseJobRecord(text: string): JobRecord {
  return JSON.parse(text) as JobRecord;
}
