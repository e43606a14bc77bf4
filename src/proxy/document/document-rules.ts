import { isDeepStrictEqual } from 'node:util';
import { LotseError } from '../../core/errors.ts';
import type { RoutedEnvironment, RoutingDocument } from '../../core/routing-document.ts';

/** Error: `fenced-off` when `next` is not newer than what is in force. */
export function refuseOld(current: RoutingDocument | null, next: RoutingDocument): void {
  if (current === null || next.fence > current.fence) return;
  if (next.fence === current.fence && next.version > current.version) return;
  throw new LotseError(
    'fenced-off',
    `document ${next.version} of fence ${next.fence} was refused: the proxy has document ${current.version} of fence ${current.fence}`,
  );
}

/** Counters of one epoch must never mix two shares, or late requests by two thresholds. Error: `bad-input`. */
export function refuseMixedEpochs(current: RoutingDocument | null, next: RoutingDocument): void {
  for (const environment of next.environments) {
    const before = current?.environments.find(
      (old) => old.app === environment.app && old.environment === environment.environment,
    );
    if (before === undefined || before.epoch !== environment.epoch || before.salt !== environment.salt) continue;
    const changed = isDeepStrictEqual(before.shares, environment.shares)
      ? changedThresholds(before, environment)
      : 'the shares';
    if (changed === null) continue;
    throw new LotseError(
      'bad-input',
      `${changed} of ${environment.app}/${environment.environment} changed, but its epoch is still ${environment.epoch}`,
    );
  }
}

/** Null: those that were there before are the same. */
function changedThresholds(before: RoutedEnvironment, next: RoutedEnvironment): string | null {
  for (const { revision, services } of next.revisions) {
    const old = before.revisions.find((other) => other.revision === revision)?.services ?? [];
    for (const { service, lateAfterMs } of services) {
      const known = old.find((other) => other.service === service);
      if (known === undefined || isDeepStrictEqual(known.lateAfterMs, lateAfterMs)) continue;
      return `the thresholds of service ${service} in revision ${revision}`;
    }
  }
  return null;
}
