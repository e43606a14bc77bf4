import type { ServiceOrder } from '../targets.ts';

type Ordered = Pick<ServiceOrder, 'slots' | 'share'>;

/** Numbers of the slots that the order wants of this target: all, or its share of them. */
export function ownSlots({ slots, share = { first: 0, step: 1 } }: Ordered): readonly number[] {
  const count = Math.max(0, Math.ceil((slots - share.first) / share.step));
  return Array.from({ length: count }, (_, index) => share.first + index * share.step);
}

export function wantsSlot(order: Ordered, slot: number): boolean {
  const { first, step } = order.share ?? { first: 0, step: 1 };
  return slot < order.slots && slot % step === first;
}
