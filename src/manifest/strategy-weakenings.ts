import { formatDurationMs } from '../core/quantities.ts';
import type { CanaryDefinition, LimitDefinition, SignalDefinition, StrategyDefinition } from './app-manifest.ts';
import type { GateWeakening } from './gate-weakenings.ts';
import { formatCanary, formatLimit, formatPermille, limitName } from './strategy-words.ts';

/**
 * What a new strategy judges less strictly than the one before it: more users before a judgement, less time, wider
 * bounds. What cannot be compared (other shares, another query) counts as weaker.
 */
export function strategyWeakenings(before: StrategyDefinition, after: StrategyDefinition): readonly GateWeakening[] {
  const canary = formatCanary(before.canary);
  const weakenings: (GateWeakening | null)[] = [
    before.canary !== null && !isCovered(before.canary, after.canary)
      ? { gate: 'canary', from: canary, to: formatCanary(after.canary) }
      : null,
    before.canary !== null && after.canary !== null && after.everyMs < before.everyMs
      ? { gate: 'every', from: formatDurationMs(before.everyMs), to: formatDurationMs(after.everyMs) }
      : null,
    after.watchMs < before.watchMs
      ? { gate: 'watch', from: formatDurationMs(before.watchMs), to: formatDurationMs(after.watchMs) }
      : null,
    after.holdbackPermille < before.holdbackPermille
      ? { gate: 'holdback', from: formatPermille(before.holdbackPermille), to: formatPermille(after.holdbackPermille) }
      : null,
    ...(isCompared(before) && isCompared(after)
      ? [factor('margin', before, after), factor('tolerance', before, after)]
      : []),
    ...limitWeakenings(before, after),
    ...signalWeakenings(before, after),
  ];
  return weakenings.filter((weakening) => weakening !== null);
}

/** Otherwise margin and tolerance mean nothing, and that they did is said by canary or holdback. */
function isCompared({ canary, holdbackPermille }: StrategyDefinition): boolean {
  return canary !== null || holdbackPermille > 0;
}

/** Each share of before is still waited at: more of them may have come in between. */
function isCovered(before: CanaryDefinition, after: CanaryDefinition | null): boolean {
  if (before.kind === 'budget') return after?.kind === 'budget' && after.failures <= before.failures;
  return after?.kind === 'shares' && before.permille.every((share) => after.permille.includes(share));
}

function factor(
  gate: 'margin' | 'tolerance',
  before: StrategyDefinition,
  after: StrategyDefinition,
): GateWeakening | null {
  return after[gate] > before[gate] ? { gate, from: String(before[gate]), to: String(after[gate]) } : null;
}

function limitWeakenings(before: StrategyDefinition, after: StrategyDefinition): readonly (GateWeakening | null)[] {
  return before.limits.map((limit) => {
    const name = limitName(limit);
    const now = after.limits.find((each) => limitName(each) === name);
    if (now !== undefined && isAsStrict(limit, now, after.signals)) return null;
    return { gate: `limits.${name}`, from: formatLimit(limit), to: now === undefined ? 'none' : formatLimit(now) };
  });
}

function signalWeakenings(before: StrategyDefinition, after: StrategyDefinition): readonly (GateWeakening | null)[] {
  return before.signals.map((signal) => {
    const now = after.signals.find((each) => each.signal === signal.signal);
    if (JSON.stringify(now) === JSON.stringify(signal)) return null;
    return { gate: `signals.${signal.signal}`, from: words(signal), to: now === undefined ? 'none' : words(now) };
  });
}

function isAsStrict(before: LimitDefinition, now: LimitDefinition, signals: readonly SignalDefinition[]): boolean {
  if (before.kind === 'failures') return now.kind === 'failures' && now.mostRate <= before.mostRate;
  if (before.kind === 'duration') return now.kind === 'duration' && now.mostMs <= before.mostMs;
  if (now.kind !== 'signal') return false;
  const isHigherBetter = signals.some(({ signal, better }) => signal === now.signal && better === 'higher');
  return isHigherBetter ? now.value >= before.value : now.value <= before.value;
}

function words({ source, better }: SignalDefinition): string {
  return `${source.kind === 'prometheus' ? source.query : source.argv.join(' ')} (${better} is better)`;
}
