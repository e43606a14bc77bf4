import { setTimeout as sleep } from 'node:timers/promises';
import type { EnvironmentViewModel } from '../capabilities/releases/releases-api.ts';
import { LotseError } from '../core/errors.ts';
import { formatElapsedMs } from '../core/quantities.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Output } from './output.ts';

export interface Resumption {
  readonly plane: ControlPlane;
  readonly out: Output;
  readonly route: readonly string[];
  readonly signal: AbortSignal;
}

/** A release that does not come back holds up the next deploy, which may repair it, no longer than this. */
const patienceMs = 60_000;
const lookIntervalMs = 200;

/**
 * After a start Lotse brings back what served before. Resolves when all of it serves again, or when it is said what
 * does not; nothing that is said afterwards promises more than users get.
 */
export async function resumeServing(resumption: Resumption): Promise<void> {
  const { plane, out, route, signal } = resumption;
  const startedMs = performance.now();
  let waiting = await whatServed(plane, route);
  while (waiting.length > 0 && !signal.aborted) {
    const left: EnvironmentViewModel[] = [];
    for (const view of waiting) {
      if (!(await serves(view))) left.push(view);
      else sayItServes(view, performance.now() - startedMs, out);
    }
    const isOver = performance.now() - startedMs > patienceMs || left.some(hasGivenUp);
    if (left.length === 0 || isOver) return left.forEach((view) => sayItDoesNot(view, out));
    await sleep(lookIntervalMs, undefined, { signal }).catch(() => undefined);
    const names = new Set(left.map((view) => view.environment));
    waiting = (await whatServed(plane, route)).filter((view) => names.has(view.environment));
  }
}

/** Nothing while the control plane does not know the app. */
async function whatServed(plane: ControlPlane, route: readonly string[]): Promise<readonly EnvironmentViewModel[]> {
  try {
    const views = await plane.environments();
    return views.filter((view) => view.mode === 'serving' && view.release !== null && route.includes(view.environment));
  } catch (thrown) {
    if (thrown instanceof LotseError && thrown.code === 'not-found') return [];
    throw thrown;
  }
}

async function serves(view: EnvironmentViewModel): Promise<boolean> {
  const own = view.services.map(({ slots }) => slots.filter((slot) => slot.revision === view.revision));
  const isUp = own.every((slots) => slots.length > 0 && slots.every((slot) => slot.state === 'ready'));
  const address = view.addresses.at(-1); // the port of its own: this machine need not know the name
  return isUp && (address === undefined || (await appAnswers(address)));
}

/** Whatever the app says there; false for the proxy's own words (problem details with a `reason`). */
async function appAnswers(address: string): Promise<boolean> {
  try {
    const answer = await fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(5000) });
    const isProblem = answer.headers.get('content-type') === 'application/problem+json';
    if (!isProblem || answer.status < 500) {
      await answer.body?.cancel();
      return true;
    }
    const problem: unknown = await answer.json();
    return typeof problem !== 'object' || problem === null || !('reason' in problem);
  } catch {
    return false;
  }
}

function hasGivenUp(view: EnvironmentViewModel): boolean {
  return view.services.some(({ slots }) =>
    slots.some((slot) => slot.revision === view.revision && slot.state === 'gave-up'),
  );
}

function sayItServes(view: EnvironmentViewModel, tookMs: number, out: Output): void {
  const took = out.paint(formatElapsedMs(tookMs), 'dim');
  out.line(`${out.paint(out.symbols.done, 'green')} ${view.environment} serves ${view.release} again  ${took}`);
}

function sayItDoesNot(view: EnvironmentViewModel, out: Output): void {
  out.warn(`${view.environment} does not serve ${view.release} again yet: \`lotse status ${view.environment}\``);
}
