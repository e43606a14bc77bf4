import type { RoutedService, RoutingDocument } from '../../core/routing-document.ts';

/**
 * A document as it is written today. One that another build wrote, on disk or at the other end of a channel, may say one
 * threshold or null where there is a list now.
 */
export function inPresentForm(document: RoutingDocument): RoutingDocument {
  const environments = document.environments.map((environment) => ({
    ...environment,
    revisions: environment.revisions.map((revision) => ({
      ...revision,
      services: revision.services.map(withThresholdList),
    })),
  }));
  return { ...document, environments };
}

type EarlierService = Omit<RoutedService, 'lateAfterMs'> & {
  readonly lateAfterMs: RoutedService['lateAfterMs'] | number | null;
};

function withThresholdList(service: EarlierService): RoutedService {
  const { lateAfterMs } = service;
  if (lateAfterMs === null) return { ...service, lateAfterMs: [] };
  return { ...service, lateAfterMs: typeof lateAfterMs === 'number' ? [lateAfterMs] : lateAfterMs };
}
