import type { ReleasePart } from '../../ports/release-part/release-part.ts';
import type { Revision, ServiceDefinition } from '../../rollout/release.ts';

/** Finds the record of a revision; null when it is gone. */
export type FindRevision = (revision: Revision) => Promise<Revision | null>;

/** What runs: services, jobs and their definitions. The way back needs the record of the revision before. */
export function definitionsPart(find: FindRevision): ReleasePart {
  return {
    name: 'revision',
    title: 'the previous revision is on record',
    resolve: (_scope, release) => Promise.resolve({ version: release.id }),
    diff: (from, to) => Promise.resolve(diffServices(from?.services ?? [], to.services)),
    async prove({ from }) {
      if (from === null) {
        const message = 'A first release goes back to the maintenance page.';
        return [{ id: 'revision', title: 'way back', proven: true, message, seen: 'maintenance' }];
      }
      const found = await find(from);
      const message = found ? `Revision ${from.id} is on record.` : `The record of revision ${from.id} is gone.`;
      return [{ id: 'revision', title: 'revision', proven: found !== null, message, seen: from.id }];
    },
    steps: () => Promise.resolve([]),
  };
}

function diffServices(from: readonly ServiceDefinition[], to: readonly ServiceDefinition[]) {
  const names = [...new Set([...from, ...to].map((service) => service.service))];
  return names.flatMap((name) => {
    const before = words(from.find((service) => service.service === name));
    const after = words(to.find((service) => service.service === name));
    return before === after ? [] : [{ part: 'services', what: name, from: before, to: after }];
  });
}

function words(service: ServiceDefinition | undefined): string | null {
  if (service === undefined) return null;
  const copies = service.instances === 1 ? '' : ` ×${service.instances}`;
  return `${service.argv.join(' ')}${service.path === '/' ? '' : ` at ${service.path}`}${copies}`;
}
