import type { Upcaster } from './upcast.ts';

/**
 * All upcasters, in any order. Whoever changes the payload of an event type raises its `version` and adds the way from
 * the old one here; the journals in test/fixtures/journals show that every event ever written can still be read.
 */
export const upcasters: readonly Upcaster[] = [];
