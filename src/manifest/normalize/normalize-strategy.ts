import { formatDurationMs, formatPercent, parseDurationMs, parsePercent } from '../../core/quantities.ts';
import type { CanaryDefinition, StrategyDefinition } from '../app-manifest.ts';
import { defaults } from '../defaults.ts';
import type { WrittenStrategy } from '../schema/strategy.ts';
import type { Context } from './context.ts';
import { reportMeaning } from './context.ts';
import { checkWithin } from './normalize-jobs.ts';
import { normalizeLimits, normalizeSignals } from './normalize-limits.ts';

type Long = Exclude<WrittenStrategy, string>;

export interface StrategyPlace {
  readonly path: readonly string[];
  /** Where the environment's queries are asked. */
  readonly prometheus: string | null;
  readonly context: Context;
}

/** What only means something while two releases have users; limits hold without. */
const comparing = ['margin', 'tolerance'] as const;
const canaryExample = '`canary: [1%, 5%, 25%, 50%]` or `canary: 30 failed requests`';

export function normalizeStrategy(written: WrittenStrategy | undefined, place: StrategyPlace): StrategyDefinition {
  const given: Long = typeof written === 'object' ? written : written === undefined ? {} : { name: written };
  const name = given.canary === undefined ? (given.name ?? defaults.strategy) : 'canary';
  checkName(given, typeof written === 'string', place);
  const holdbackPermille = permilleOf(given.holdback ?? (name === 'canary' ? parsePercent(defaults.holdback) : 0));
  checkHoldback(given, name, holdbackPermille, place);
  const canary = given.canary === undefined ? null : canaryOf(given.canary);
  if (canary?.kind === 'shares') checkShares(given, holdbackPermille, place);
  const withinMs = given.within ?? parseDurationMs(defaults.rolloutWithin);
  checkTimes(given, canary, withinMs, place);
  const signals = normalizeSignals(given.signals, place);
  return {
    name,
    canary,
    everyMs: given.every ?? 0,
    withinMs,
    watchMs: given.watch ?? parseDurationMs(defaults.watch),
    holdbackPermille,
    margin: given.margin ?? defaults.margin,
    tolerance: given.tolerance ?? defaults.tolerance,
    limits: normalizeLimits(given.limits, signals, place),
    signals,
  };
}

function canaryOf(written: NonNullable<Long['canary']>): CanaryDefinition {
  return typeof written === 'string'
    ? { kind: 'budget', failures: Number.parseInt(written, 10) }
    : { kind: 'shares', permille: written.map(permilleOf) };
}

/** Of a share from 0 to 1; what is no whole number of thousandths is reported by `checkFine`. */
function permilleOf(share: number): number {
  return Math.round(share * 1000);
}

function checkName({ name, canary }: Long, isShort: boolean, { path, context }: StrategyPlace): void {
  const report = (message: string) => reportMeaning(context, isShort ? path : [...path, 'name'], message);
  if (name === 'canary' && canary === undefined) {
    report(`a canary says its shares, or what it may cost: ${canaryExample}`);
  }
  if (name !== undefined && name !== 'canary' && canary !== undefined) {
    report(`with \`canary\` the strategy is canary, not ${name}; leave out one of the two`);
  }
}

function checkHoldback(
  given: Long,
  name: StrategyDefinition['name'],
  permille: number,
  { path, context }: StrategyPlace,
): void {
  const report = (key: string, message: string, at: 'key' | 'value' = 'key') =>
    reportMeaning(context, [...path, key], message, at);
  if (given.every !== undefined && name !== 'canary') {
    report('every', `only a canary has shares to wait at, and this is ${name}; use ${canaryExample}`);
  }
  if (given.holdback !== undefined) {
    checkFine(given.holdback, [...path, 'holdback'], context);
    if (name === 'rolling' || name === 'recreate') {
      report('holdback', `${name} has nothing to hold back: old instances make room for new ones; use blue-green`);
    } else if (permille > 500) {
      report('holdback', 'most users get the new release: at most 50% can be held back', 'value');
    }
  }
  if (name === 'canary' || permille > 0) return;
  const advice =
    name === 'blue-green' ? 'add `holdback: 5%`, or use a canary' : 'use a canary, or blue-green with `holdback: 5%`';
  for (const key of comparing) {
    if (given[key] === undefined) continue;
    report(
      key,
      `\`${key}\` is for comparing the new release with the old one, and ${name} lets only one have users; ${advice}`,
    );
  }
  for (const signal of Object.keys(given.signals ?? {})) {
    if (given.limits?.[signal] !== undefined) continue;
    const message = `without a limit a signal is compared with that of the old release, and ${name} lets only one have users; give it a limit under \`limits\`, or ${advice}`;
    reportMeaning(context, [...path, 'signals', signal], message, 'key');
  }
}

function checkShares(given: Long, holdbackPermille: number, { path, context }: StrategyPlace): void {
  if (typeof given.canary !== 'object') return;
  const most = 1 - holdbackPermille / 1000;
  for (const [index, share] of given.canary.entries()) {
    const place = [...path, 'canary', index];
    const report = (message: string) => reportMeaning(context, place, message);
    const before = given.canary[index - 1] ?? 0;
    checkFine(share, place, context);
    if (share === 0) report('a share is more than 0%');
    else if (share <= before) report(`each share is more than the one before it, and that is ${formatPercent(before)}`);
    else if (share > most) {
      const held = `${formatPercent(holdbackPermille / 1000)} stay on the old release until the watch is over (\`holdback\`)`;
      report(holdbackPermille === 0 ? 'there is no more than 100%' : `at most ${formatPercent(most)}: ${held}`);
    }
  }
}

/** Visitors are sorted into a thousand buckets. */
function checkFine(share: number, path: readonly (string | number)[], context: Context): void {
  if (Math.abs(share * 1000 - permilleOf(share)) > 1e-9) {
    reportMeaning(context, path, `a share has steps of 0.1%; ${formatPercent(share)} lies between two`);
  }
}

function checkTimes(
  given: Long,
  canary: CanaryDefinition | null,
  withinMs: number,
  { path, context }: StrategyPlace,
): void {
  checkWithin(withinMs, [...path, 'within'], context);
  if (canary?.kind !== 'shares' || given.every === undefined) return;
  const leastMs = given.every * canary.permille.length;
  if (leastMs < withinMs) return;
  const least = `${canary.permille.length} shares of ${formatDurationMs(given.every)} take ${formatDurationMs(leastMs)}`;
  const message = `${least} at least, and the rollout may take ${formatDurationMs(withinMs)} (\`within\`): it would always return`;
  reportMeaning(context, [...path, 'every'], message);
}
