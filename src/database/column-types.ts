import type { Actor } from '../core/events.ts';

/** JSON as text, see json-column.ts. */
export type JsonText = string;
/** No and yes. */
export type Flag = 0 | 1;
export type ActorKind = Actor['kind'];
