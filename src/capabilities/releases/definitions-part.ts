import type { Address } from '../../core/routing-document.ts';
import type { ProofItem, ReleasePart } from '../../ports/release-part/release-part.ts';
import { upstreamUrl } from '../../rollout/release-zero.ts';
import type { Revision, ServiceDefinition } from '../../rollout/release.ts';
import type { UpstreamAnswer } from './ask-upstream.ts';

/** Finds the record of a revision; null when it is gone. */
export type FindRevision = (revision: Revision) => Promise<Revision | null>;

/**
 * What runs: services, jobs and their definitions. The way back needs the record of the revision before, or an answer of
 * what was adopted. `ask` never throws.
 */
export function definitionsPart(find: FindRevision, ask: (upstream: Address) => Promise<UpstreamAnswer>): ReleasePart {
  return {
    name: 'revision',
    title: 'what served before is there',
    resolve: (_scope, release) => Promise.resolve({ version: release.id }),
    diff: (from, to) => Promise.resolve(diffServices(from?.services ?? [], to.services)),
    async prove({ from, before }) {
      if (before.kind === 'adopted') return [upstreamItem(before, await ask(before))];
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

/** Nobody but its owner keeps it running. */
function upstreamItem(upstream: Address, answer: UpstreamAnswer): ProofItem {
  const url = upstreamUrl(upstream);
  const proven = answer.kind === 'answered' && answer.status < 500;
  const said = answer.kind === 'answered' ? `it answers with ${answer.status}` : answer.why;
  const message = proven
    ? `What was adopted is there: ${url} answers (${answer.status}).`
    : `${url}, which was adopted and would be gone back to: ${said}.`;
  return { id: 'revision/upstream', title: 'adopted upstream', proven, message, seen: url };
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
  const run = service.argv.length === 0 ? 'what the image starts' : service.argv.join(' ');
  return `${run}${service.path === '/' ? '' : ` at ${service.path}`}${copies}`;
}
