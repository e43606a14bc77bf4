import type { ServiceOrder } from '../targets.ts';

/** The slots of the machine with that index among so many: every `count`-th, beginning with its own number. */
export function shareOf(index: number, count: number): NonNullable<ServiceOrder['share']> {
  return { first: index, step: count };
}
