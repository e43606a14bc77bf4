import { quantile } from '../quantile.ts';
import type { SelfTimes } from './cpu-profile.ts';
import type { Latency } from './measure-latency.ts';
import type { Throughput } from './measure-throughput.ts';

/** `1k`: bodies of 1 KB; `64k`: of 64 KB. */
export const sizes = ['1k', '64k'] as const;
export type Size = (typeof sizes)[number];

/** All that was measured, round by round. */
export interface ProxyRounds {
  readonly throughput: readonly { readonly name: string; readonly size: Size; readonly measured: Throughput }[];
  readonly latency: readonly { readonly name: string; readonly measured: Latency }[];
  /** With two workers on all cores, 1 KB. */
  readonly twoWorkers: readonly { readonly name: string; readonly measured: Throughput }[];
  /** With TLS in front, on one core, 1 KB. */
  readonly secured: readonly { readonly name: string; readonly protocol: string; readonly measured: Throughput }[];
  readonly profiles: readonly { readonly size: Size; readonly times: SelfTimes }[];
}

/** The middle of the rounds; null where there was none. */
export function middleOf<Measured>(
  rounds: readonly { readonly name: string; readonly measured: Measured }[],
  name: string,
  figure: (measured: Measured) => number,
): number | null {
  return quantile(
    rounds.filter((round) => round.name === name).map(({ measured }) => figure(measured)),
    0.5,
  );
}

export function ratio(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one / other;
}
