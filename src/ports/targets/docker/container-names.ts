import type { OneOffOrder } from '../session.ts';
import type { JobOrder, ServiceOrder } from '../targets.ts';
import { shortHash } from '../slots/folders.ts';

/** What marks everything that a target makes on an engine; the value names the state folder that it belongs to. */
export const stateLabel = 'lotse.state';
/** Of a volume: the name of the store. */
export const storeLabel = 'lotse.store';
export const labelNames = {
  app: 'lotse.app',
  environment: 'lotse.environment',
  revision: 'lotse.revision',
  service: 'lotse.service',
  slot: 'lotse.slot',
  attempt: 'lotse.attempt',
  job: 'lotse.job',
  oneOff: 'lotse.one-off',
} as const;

export interface ContainerIdentity {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As the program sees its machine named. */
  readonly hostname: string;
}

/** `state` is the id of the state folder: two of them never touch each other's containers. */
export function identityOfInstance(
  state: string,
  order: ServiceOrder,
  slot: number,
  attempt: number,
): ContainerIdentity {
  const { app, environment, revision } = order;
  const { service } = order.definition;
  return {
    name: ['lotse', state, app, environment, revision, service, slot, attempt].join('-'),
    hostname: `${service}-${slot}`,
    labels: {
      [stateLabel]: state,
      [labelNames.app]: app,
      [labelNames.environment]: environment,
      [labelNames.revision]: revision,
      [labelNames.service]: service,
      [labelNames.slot]: String(slot),
      [labelNames.attempt]: String(attempt),
    },
  };
}

/** Keys of jobs are free text, so a hash stands for them. */
export function identityOfJob(state: string, order: JobOrder): ContainerIdentity {
  const key = shortHash(order.key);
  return {
    name: ['lotse', state, order.app, order.environment, 'job', key].join('-'),
    hostname: 'job',
    labels: {
      [stateLabel]: state,
      [labelNames.app]: order.app,
      [labelNames.environment]: order.environment,
      [labelNames.revision]: order.revision,
      [labelNames.job]: key,
    },
  };
}

/** Of a program that somebody sits at. */
export function identityOfOneOff(state: string, order: OneOffOrder): ContainerIdentity {
  const key = shortHash(order.key);
  return {
    name: ['lotse', state, order.app, order.environment, 'run', key].join('-'),
    hostname: `${order.definition.service}-run`,
    labels: {
      [stateLabel]: state,
      [labelNames.app]: order.app,
      [labelNames.environment]: order.environment,
      [labelNames.revision]: order.revision,
      [labelNames.oneOff]: key,
    },
  };
}
