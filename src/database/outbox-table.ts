import type { UnixMs } from '../core/ids.ts';
import type { JsonText } from './column-types.ts';

/** What people are told, one row for each message and receiver. */
export interface OutboxTable {
  /** The same for each attempt. */
  readonly id: string;
  readonly app: string;
  readonly environment: string;
  /** `slack`, `mail team@shop.example`, …; where that is, the accepted definition says when it is sent. */
  readonly receiver: string;
  readonly story: string;
  /** What it tells of, oldest first. */
  readonly facts: JsonText;
  readonly state: 'waiting' | 'delivered' | 'failed';
  readonly created_at: UnixMs;
  readonly attempts: number;
  readonly next_try_at: UnixMs;
  /** Why the last attempt failed. */
  readonly problem: string | null;
  readonly ended_at: UnixMs | null;
}
