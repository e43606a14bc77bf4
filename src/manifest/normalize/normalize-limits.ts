import type { LimitDefinition, SignalDefinition } from '../app-manifest.ts';
import { defaults } from '../defaults.ts';
import { nearestOf } from '../nearest.ts';
import { durationRanks, type WrittenSignal } from '../schema/limits.ts';
import type { WrittenStrategy } from '../schema/strategy.ts';
import { reportMeaning, reportUnknownName } from './context.ts';
import type { StrategyPlace } from './normalize-strategy.ts';

type Long = Exclude<WrittenStrategy, string>;

export function normalizeSignals(written: Long['signals'], place: StrategyPlace): readonly SignalDefinition[] {
  return Object.entries(written ?? {}).map(([signal, one]) => ({
    signal,
    better: one.better ?? 'lower',
    source: sourceOf(signal, one, place),
  }));
}

function sourceOf(
  signal: string,
  written: WrittenSignal,
  { path, prometheus, context }: StrategyPlace,
): SignalDefinition['source'] {
  const { prometheus: query, run, root } = written;
  const at = [...path, 'signals', signal];
  const ownNames = ['failures', ...durationRanks];
  if (ownNames.includes(signal)) {
    reportMeaning(
      context,
      at,
      `${ownNames.join(', ')} are what Lotse measures itself; give the signal another name`,
      'key',
    );
  }
  if ((query === undefined) === (run === undefined)) {
    reportMeaning(
      context,
      at,
      'a signal has either `prometheus`, a query, or `run`, a command that prints a number',
      'key',
    );
  }
  if (root !== undefined && run === undefined) {
    reportMeaning(context, [...at, 'root'], '`root` is the folder of the command of `run`, and there is none', 'key');
  }
  if (run !== undefined) return { kind: 'job', argv: run, root: root ?? defaults.root };
  if (query !== undefined && prometheus === null) {
    const message =
      'this is asked of a Prometheus, and none is named: add `prometheus: http://…` to the environment, or to the app';
    reportMeaning(context, [...at, 'prometheus'], message, 'key');
  }
  if (query !== undefined) checkVariant(query, [...at, 'prometheus'], context);
  return { kind: 'prometheus', query: query ?? '' };
}

/** All variants together are written as `.*`. */
function checkVariant(query: string, path: readonly string[], context: StrategyPlace['context']): void {
  const outside = query.replaceAll(/=~\s*(?:"[^"]*"|'[^']*'|`[^`]*`)/g, '');
  if (!outside.includes('$variant')) return;
  const message =
    '`$variant` stands for one variant of a flag, or for all of them: write it into a regular expression, as in {menu=~"$variant"}';
  reportMeaning(context, path, message);
}

export function normalizeLimits(
  written: Long['limits'],
  signals: readonly SignalDefinition[],
  { path, context }: StrategyPlace,
): readonly LimitDefinition[] {
  const limits: LimitDefinition[] = [];
  const known = ['failures', ...durationRanks, ...signals.map(({ signal }) => signal)];
  for (const [name, value] of Object.entries(written ?? {})) {
    const at = [...path, 'limits', name];
    const rank = durationRanks.find((each) => each === name);
    if (value === undefined) continue;
    if (!known.includes(name)) {
      reportUnknownName(
        context,
        at,
        'limit or signal',
        { written: name, known, nearest: nearestOf(name, known) },
        'key',
      );
    } else if (name === 'failures') {
      if (value === 0) reportMeaning(context, at, 'this must be more than 0%: one failed request would break it');
      limits.push({ kind: 'failures', mostRate: value });
    } else if (rank !== undefined) {
      if (value === 0) reportMeaning(context, at, 'this must be longer than 0s');
      limits.push({ kind: 'duration', part: Number(rank.slice(1)) / 100, mostMs: value });
    } else limits.push({ kind: 'signal', signal: name, value });
  }
  return limits;
}
