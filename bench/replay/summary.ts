import type { Goal } from '../outcome.ts';
import { quantile } from '../quantile.ts';
import { clopperPearson, mostHits } from './binomial.ts';
import type { Replayed } from './replay.ts';
import type { ReplayedSetting } from './replay-all.ts';
import { budget, type Setting } from './settings.ts';

const confidence = 0.99;

/** How often something happened, with the bounds of its probability. */
export interface Rate {
  readonly hits: number;
  readonly of: number;
  readonly bounds: readonly [low: number, high: number];
}

/** Middle, and what 99 of 100 do not exceed, and the largest. */
export interface Spread {
  readonly middle: number;
  readonly p99: number;
  readonly most: number;
}

export interface SettingFigures {
  readonly setting: Setting;
  readonly settled: Rate;
  readonly harmful: Rate;
  readonly limitBroken: Rate;
  readonly undecided: Rate;
  /** Anything else: such a thing must not be. */
  readonly otherwise: Rate;
  /** Back with no more failed requests than the budget, beside those under way. */
  readonly withinBudget: Rate;
  readonly failures: Spread;
  readonly failuresInFlight: Spread;
  /** Of the new release until it turned or settled. */
  readonly requests: Spread;
  readonly seconds: Spread;
  /** Of those that came back although they should not: why, in words. */
  readonly whyBack: readonly string[];
}

export function titleOf({ kind, strangers, strategy }: Setting): string {
  const who = strangers === 'nobody' ? '' : `, among its visitors ${strangers}`;
  return `${kind}${who} (${strategy})`;
}

export function figuresOf({ setting, replays }: ReplayedSetting): SettingFigures {
  const rate = (is: (replayed: Replayed) => boolean) => rateOf(replays.filter(is).length, replays.length);
  const back = (cause: Replayed['cause']) => rate((each) => each.end === 'returned' && each.cause === cause);
  const known = ['judged-harmful', 'limit-broken', 'undecided'];
  const spread = (of: (replayed: Replayed) => number) => spreadOf(replays.map(of));
  return {
    setting,
    settled: rate(({ end }) => end === 'settled'),
    harmful: back('judged-harmful'),
    limitBroken: back('limit-broken'),
    undecided: back('undecided'),
    otherwise: rate(({ end, cause }) => end === 'stranded' || (end === 'returned' && !known.includes(cause ?? ''))),
    withinBudget: rate(({ end, failures }) => end === 'returned' && failures <= budget),
    failures: spread(({ failures }) => failures),
    failuresInFlight: spread(({ failuresInFlight }) => failuresInFlight),
    requests: spread(({ requests }) => requests),
    seconds: spread(({ tookMs }) => tookMs / 1_000),
    whyBack: setting.wanted === 'kept' ? replays.flatMap(({ why }) => why ?? []) : [],
  };
}

export function line(figures: SettingFigures): string {
  const { settled, harmful, limitBroken, undecided, failures, seconds, whyBack } = figures;
  const ends = `${settled.hits} settled, ${harmful.hits} harmful, ${limitBroken.hits} limit broken, ${undecided.hits} undecided`;
  const cost = `${failures.middle} failed requests in the middle, ${failures.most} at most`;
  return `${titleOf(figures.setting)}: ${ends}; ${cost}; ${seconds.middle.toFixed(0)} s in the middle`.concat(
    ...whyBack.map((why) => `\n  ${why}`),
  );
}

export function goalsOf(figures: readonly SettingFigures[]): {
  readonly musts: readonly Goal[];
  readonly aims: readonly Goal[];
} {
  const goods = figures.filter(({ setting }) => setting.wanted === 'kept');
  const bads = figures.filter(({ setting }) => setting.wanted === 'back');
  const odd = figures.map(otherwiseGoal).filter(({ holds }) => !holds);
  return { musts: [...goods.map(accusedGoal), ...bads.map(backGoal), ...odd], aims: goods.map(undecidedGoal) };
}

function accusedGoal({ setting, harmful, limitBroken }: SettingFigures): Goal {
  const accused = harmful.hits + limitBroken.hits;
  const most = mostHits(harmful.of, setting.mostMissed, confidence);
  return atMost(`${titleOf(setting)}: called harmful or over a limit`, accused, harmful.of, most);
}

function undecidedGoal({ setting, undecided }: SettingFigures): Goal {
  const most = mostHits(undecided.of, setting.mostMissed, confidence);
  return atMost(`${titleOf(setting)}: taken back undecided`, undecided.hits, undecided.of, most);
}

function backGoal({ setting, settled, withinBudget }: SettingFigures): Goal {
  const missed = setting.isBudgeted ? withinBudget.of - withinBudget.hits : settled.hits;
  const what = setting.isBudgeted
    ? `not back with at most ${budget} failed requests beside those under way`
    : 'not taken back';
  return atMost(`${titleOf(setting)}: ${what}`, missed, settled.of, mostMisses(settled.of, setting.mostMissed));
}

/** Of few replays one more may miss by chance alone. */
function mostMisses(of: number, probability: number): number {
  return of * probability >= 10 ? Math.floor(of * probability) : mostHits(of, probability, confidence);
}

function otherwiseGoal({ setting, otherwise }: SettingFigures): Goal {
  const wanted = '0';
  return { title: `${titleOf(setting)}: ended otherwise`, figure: otherwise.hits, wanted, holds: otherwise.hits === 0 };
}

function atMost(title: string, hits: number, of: number, most: number): Goal {
  return { title, figure: `${hits} of ${of}`, wanted: `≤ ${most}`, holds: hits <= most };
}

function rateOf(hits: number, of: number): Rate {
  return { hits, of, bounds: clopperPearson(hits, of, confidence) };
}

function spreadOf(values: readonly number[]): Spread {
  const [middle, p99, most] = [0.5, 0.99, 1].map((part) => quantile(values, part) ?? 0);
  return { middle: middle ?? 0, p99: p99 ?? 0, most: most ?? 0 };
}
