import type { RoutedEnvironment } from '../core/routing-document.ts';
import type { JobOrder, ServiceOrder } from '../ports/targets/targets.ts';
import type { EngineParts } from './parts.ts';
import { waitMs, type Patience } from './patience.ts';

/** An order that nobody waits for any more: it may take hold late, or after what was ordered since, or never. */
export type Doubtful =
  | { readonly kind: 'ensure'; readonly order: ServiceOrder }
  | { readonly kind: 'job'; readonly key: JobOrder['key'] }
  | { readonly kind: 'routes' };

type InDoubt = (what: Doubtful) => void;

/**
 * The same parts, of which no call holds up the loop for longer than it may. Journal and checkpoints are this control
 * plane's own disk: what cannot be written is not known, so they are waited for.
 */
export function patientParts(parts: EngineParts, patience: Patience, inDoubt: InDoubt): EngineParts {
  return {
    ...parts,
    target: patientTarget(parts.target, patience, inDoubt),
    traffic: patientTraffic(parts.traffic, patience, inDoubt),
    bindings: patientBindings(parts.bindings, patience),
  };
}

function patientTarget(target: EngineParts['target'], patience: Patience, inDoubt: InDoubt): EngineParts['target'] {
  const port = 'the target';
  const ask = <Value>(what: string, call: () => Promise<Value>, withinMs: number = waitMs.usual) =>
    patience.ask({ port, what, withinMs }, call);
  return {
    traits: target.traits,
    ensure: (order) => {
      const { revision, definition, slots, claim } = order;
      const key = `ensure ${revision}/${definition.service}`;
      const ordering = { port, what: key, key, text: `${slots} ${claim}`, withinMs: waitMs.usual };
      return patience.order(
        ordering,
        () => target.ensure(order),
        () => inDoubt({ kind: 'ensure', order }),
      );
    },
    observe: (scope) => ask('which slots there are', () => target.observe(scope)),
    startJob: (order) => {
      const key = `job ${order.key}`;
      const ordering = { port, what: key, key, text: 'start', withinMs: waitMs.usual };
      return patience.order(
        ordering,
        () => target.startJob(order),
        () => inDoubt({ kind: 'job', key: order.key }),
      );
    },
    observeJob: (key) => ask('how a job is', () => target.observeJob(key)),
    cancelJob: (key) => ask('to end a job', () => target.cancelJob(key), waitMs.short),
    logs: (query, signal) => target.logs(query, signal),
    room: (place) => ask('what room there is', () => target.room(place)),
    close: () => target.close(),
  };
}

function patientTraffic(traffic: EngineParts['traffic'], patience: Patience, inDoubt: InDoubt): EngineParts['traffic'] {
  const port = 'the proxy';
  const ask = <Value>(what: string, call: () => Promise<Value>) =>
    patience.ask({ port, what, withinMs: waitMs.usual }, call);
  const publish = (environments: readonly RoutedEnvironment[]) => {
    const key = `routes of ${environments.map(({ app, environment }) => `${app}/${environment}`).join(' ')}`;
    const ordering = { port, what: key, key, text: JSON.stringify(environments), withinMs: waitMs.usual };
    return patience.order(
      ordering,
      () => traffic.publish(environments),
      () => inDoubt({ kind: 'routes' }),
    );
  };
  return {
    publish,
    withdraw: (scope) => ask('to forget an environment', () => traffic.withdraw(scope)),
    status: () => ask('how it is', () => traffic.status()),
    environments: () => ask('what is in force', () => traffic.environments()),
    counters: () => ask('what it has counted', () => traffic.counters()),
    acknowledge: (epochs) => ask('to forget counters', () => traffic.acknowledge(epochs)),
    prove: (question, signal) => {
      // It asks as users do, so what hangs there is not the proxy's own door.
      const call = { port: 'the public route', what: question.revision, withinMs: waitMs.long };
      return patience.ask(call, () => traffic.prove(question, signal));
    },
    keepJournalHeads: (heads) => ask('to keep journal heads', () => traffic.keepJournalHeads(heads)),
  };
}

function patientBindings(bindings: EngineParts['bindings'], patience: Patience): EngineParts['bindings'] {
  const port = 'what the release is bound to';
  const ask = <Value>(what: string, call: () => Promise<Value>) =>
    patience.ask({ port, what, withinMs: waitMs.usual }, call);
  return {
    revision: (scope, id) => ask('a revision', () => bindings.revision(scope, id)),
    frontDoor: (scope) => ask('its names', () => bindings.frontDoor(scope)),
    ports: (scope, revision) => ask('its ports', () => bindings.ports(scope, revision)),
    release: (scope, revision) => ask('to give its ports back', () => bindings.release(scope, revision)),
    surroundings: (scope, revision, service) =>
      ask('its surroundings', () => bindings.surroundings(scope, revision, service)),
    gates: (plan, gateIds) => {
      const call = { port: 'the gates', what: gateIds.join(' '), withinMs: waitMs.usual };
      return patience.ask(call, () => bindings.gates(plan, gateIds));
    },
    signals: (plan) => ask('its signals', () => bindings.signals(plan)),
    learnFixedPort: (scope, service, fixedPort) =>
      ask('to learn a port', () => bindings.learnFixedPort(scope, service, fixedPort)),
  };
}
