import { LotseError } from '../../core/errors.ts';
import type { Scope } from '../../core/ids.ts';
import { wantsReason } from './session-api.ts';
import type { Revision, ServiceDefinition } from '../../rollout/release.ts';

/** Whoever runs a command beside what users get says why. Errors: `bad-input`. */
export function requireReason({ environment }: Scope, reason: string | null | undefined): void {
  if (!wantsReason(environment) || (reason ?? '') !== '') return;
  throw new LotseError('bad-input', 'A command in production needs a reason, which the journal keeps', {
    hint: '--reason "orders of Tuesday are missing"',
  });
}

/** Errors: `not-found`. */
export function serviceOf(revision: Revision, service: string): ServiceDefinition {
  const found = revision.services.find((each) => each.service === service);
  if (found !== undefined) return found;
  throw new LotseError('not-found', `${revision.release} has no service ${JSON.stringify(service)}`, {
    hint: `It has ${revision.services.map((each) => each.service).join(', ')}.`,
  });
}
