/** One owner per state: a lock that the operating system releases when its owner dies, never a wall-clock lease. */
export interface OwnerLock {
  /** Grows with each owner; every journal append and every routing document carries it. */
  readonly fence: number;
  /** Goes above a fence that was seen elsewhere (a proxy, a label), durably. */
  raiseAbove(fence: number): Promise<number>;
  release(): Promise<void>;
}
