import type { Address } from '../../../core/routing-document.ts';
import type { Whereabouts } from '../slots/health.ts';
import { probe } from '../slots/probe.ts';
import type { Host, Listener } from './host.ts';
import type { GroupToEnd } from './end-group.ts';
import { membersOf } from './end-group.ts';

/** Where the processes of this attempt listen. `declared` is the port in the file, preferred when PORT is ignored. */
export async function findAddress(
  host: Host,
  group: GroupToEnd,
  given: number,
  declared: number | null,
): Promise<Whereabouts> {
  // Nearly always it is the main process or a child of it, and asking those is cheap.
  const family = group.run === null ? [] : await host.family(group.run.pid);
  const known = await reachable(await host.listeners(family, given));
  if (known !== null) return { kind: 'given', address: known };
  const members = (await membersOf(host, group)).map((member) => member.pid);
  const own = await host.listeners(members, null);
  const asGiven = await reachable(own.filter((listener) => listener.port === given));
  if (asGiven !== null) return { kind: 'given', address: asGiven };
  const holder = await host.holderOf(given);
  if (holder !== null) return { kind: 'blocked', why: `Port ${given} is held by ${holder}.` };
  const lowest = Math.min(...own.map((listener) => listener.port));
  const wanted = own.some((listener) => listener.port === declared) ? declared : lowest;
  const other = await reachable(own.filter((listener) => listener.port === wanted));
  return other === null ? { kind: 'nowhere' } : { kind: 'elsewhere', address: other, isFixed: true };
}

/** An address that reaches the listener from this machine: IPv4 loopback where it listens there or everywhere. */
async function reachable(listeners: readonly Listener[]): Promise<Address | null> {
  const candidates = listeners.flatMap(({ host, port }) =>
    loopbacks(host).map((loopback) => ({ host: loopback, port })),
  );
  const preferred = candidates.toSorted((a, b) => rank(a) - rank(b));
  for (const address of preferred) {
    if ((await probe({ kind: 'tcp' }, address, 500)).kind === 'ok') return address;
  }
  return preferred[0] ?? null;
}

function rank(address: Address): number {
  return ['127.0.0.1', '::1'].indexOf(address.host) + (['127.0.0.1', '::1'].includes(address.host) ? 0 : 9);
}

/** A socket on :: takes IPv4 too, unless it was opened for IPv6 only, which the system does not tell: both are tried. */
function loopbacks(host: string): readonly string[] {
  if (host === '0.0.0.0' || host.startsWith('0:0:0:0:0:ffff:')) return ['127.0.0.1'];
  if (host === '::') return ['127.0.0.1', '::1'];
  return [host];
}
