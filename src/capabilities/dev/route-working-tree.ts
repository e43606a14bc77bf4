import type { RoutedEnvironment, RoutedInstance, RoutedService, RoutingMode } from '../../core/routing-document.ts';
import type { Scope } from '../../core/ids.ts';
import type { TargetSlot } from '../../ports/targets/targets.ts';
import type { ServiceDefinition } from '../../rollout/release.ts';
import type { ServicePhase } from './dev-service.ts';
import { workingTree } from './stop-slots.ts';

/** A web service with what is known of it. */
export interface RoutableService {
  readonly definition: ServiceDefinition;
  readonly phase: ServicePhase;
  /** For how long it has been starting, in milliseconds. */
  readonly comingForMs: number;
  readonly slots: readonly TargetSlot[];
  readonly internalPort: number;
}

export interface RouteInput {
  readonly scope: Scope;
  readonly domains: readonly string[];
  readonly port: number;
  readonly services: readonly RoutableService[];
}

/** While a service starts again requests wait, instead of failing in the browser of whoever just saved a file. */
const held = { maxHeld: 500, maxHoldMs: 20_000 } as const;
/** One that takes longer must not hold up the others. */
const heldForMs = 15_000;

/** Pure: what the proxy is told about the working tree. Its one revision has all the traffic. */
export function routeWorkingTree({ scope, domains, port, services }: RouteInput): RoutedEnvironment {
  const revision = workingTree.release;
  return {
    ...scope,
    domains,
    port,
    mode: modeOf(services),
    epoch: 1,
    salt: revision,
    shares: [{ revision, permille: 1000 }],
    revisions: [{ revision, release: revision, pinnedPort: null, services: services.map(routedService) }],
    previewDomains: [],
    https: null,
  };
}

function modeOf(services: readonly RoutableService[]): RoutingMode {
  if (services.some(({ phase, comingForMs }) => phase === 'coming' && comingForMs < heldForMs)) {
    return { kind: 'paused', ...held };
  }
  if (services.some(({ phase }) => phase !== 'down')) return { kind: 'serving' };
  const names = services.map(({ definition }) => definition.service).join(' and ');
  const message = `${names} ended. The terminal of \`lotse up dev\` says why; the next change of a file starts it again.`;
  return { kind: 'maintenance', retryAfterS: 1, message };
}

function routedService({ definition, slots, internalPort }: RoutableService): RoutedService {
  const { service, path, stickiness, drainMs } = definition;
  const instances = instancesOf(slots, drainMs);
  return { service, path, stickiness, instances, internalPort, lateAfterMs: [], assets: null, readyPath: null };
}

/** Ready ones; when none is, those that at least have an address are better than nothing. */
function instancesOf(slots: readonly TargetSlot[], drainMs: number): readonly RoutedInstance[] {
  const ready = slots.filter((slot) => slot.state === 'ready');
  const usable = ready.length > 0 ? ready : slots.filter((slot) => slot.state === 'unready');
  return usable.flatMap(({ slot, address }) =>
    address === null ? [] : [{ slot, address, state: 'accepting' as const, drainMs }],
  );
}
