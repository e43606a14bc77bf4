import type { RolloutView } from '../capabilities/releases/releases-api.ts';
import type { ControlPlane } from './control-plane.ts';
import { formatTime, type Output } from './output.ts';
import { shutGates } from './rollout-lines.ts';
import { hasEnded } from './rollout-standing.ts';
import { harmless } from './text-layout.ts';

/** What a person who has Lotse running in a terminal wants to hear of, one line each. Ends when `signal` aborts. */
export async function sayNotableEvents(plane: ControlPlane, out: Output, signal: AbortSignal): Promise<void> {
  const said = new Map<string, string>();
  for await (const change of plane.changes(signal, Number.POSITIVE_INFINITY)) {
    if (change.app !== plane.app || change.environment == null) continue;
    const view = await plane.environment(change.environment).catch(() => null); // it may be away for a moment
    const line = view?.rollout == null ? null : notableLine(change.type, view.rollout, out);
    if (line !== null && view !== null && said.get(view.environment) !== line) {
      said.set(view.environment, line); // a gate that still waits is no news
      const time = out.paint(formatTime(Date.now()).slice(11), 'dim');
      out.line(`${time}  ${out.paint(view.environment.padEnd(10), 'bold')}  ${line}`);
    }
  }
}

/** Null for what is no news to a person. */
export function notableLine(type: string, rollout: RolloutView, out: Output): string | null {
  const { release, before } = rollout;
  switch (type) {
    case 'rollout-planned':
      return `${release} is on its way (${rollout.kind}, ${rollout.strategy})`;
    case 'gates-waiting':
      return out.paint(
        `${release} waits: ${shutGates(rollout.waitingFor)
          .map((gate) => gate.title)
          .join(', ')}`,
        'yellow',
      );
    case 'rollout-live':
      return out.paint(`${release} is live`, 'green');
    case 'rollout-turned':
      return out.paint(`${release} turns back: ${harmless(rollout.cause?.message ?? 'no reason is known')}`, 'red');
    case 'rollout-paused':
      return out.paint(`${release} is paused`, 'yellow');
    case 'rollout-resumed':
      return `${release} goes on`;
    case 'rollout-ended':
      // The next one may have begun already; then this end has no rollout to speak of.
      return hasEnded(rollout) ? endLine(rollout, before, out) : null;
    default:
      return null;
  }
}

function endLine(rollout: RolloutView, before: string | null, out: Output): string {
  const { release, status } = rollout;
  if (status === 'returned')
    return out.paint(`users get ${before ?? 'the maintenance page'} again; ${release} is out`, 'red');
  if (status === 'stranded') return out.paint(`stranded: a person is needed`, 'red', 'bold');
  return `${release} is settled`;
}
