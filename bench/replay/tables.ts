import { markdownTable } from '../markdown-table.ts';
import { titleOf, type Rate, type SettingFigures, type Spread } from './summary.ts';

/** How canaries ended, and what they cost until then. */
export function tables(figures: readonly SettingFigures[]): string {
  return `${endsTable(figures)}\n\n${costTable(figures)}`;
}

function endsTable(figures: readonly SettingFigures[]): string {
  const head = ['new release', 'settled', 'harmful', 'limit broken', 'undecided', 'otherwise'];
  return markdownTable(
    head,
    figures.map(({ setting, settled, harmful, limitBroken, undecided, otherwise }) => [
      titleOf(setting),
      ...[settled, harmful, limitBroken, undecided, otherwise].map(rateText),
    ]),
  );
}

function costTable(figures: readonly SettingFigures[]): string {
  const head = [
    'new release: middle / 99 % / most',
    'failed requests',
    'under way and failed',
    'its requests until then',
    'seconds',
  ];
  return markdownTable(
    head,
    figures.map(({ setting, failures, failuresInFlight, requests, seconds }) => [
      titleOf(setting),
      ...[failures, failuresInFlight, requests, seconds].map(spreadText),
    ]),
  );
}

/** With the bounds that 99 of 100 such intervals keep. */
function rateText({ hits, of, bounds }: Rate): string {
  const [low, high] = bounds.map((bound) => Number((100 * bound).toPrecision(3)));
  return `${hits} of ${of} (${low}–${high} %)`;
}

function spreadText({ middle, p99, most }: Spread): string {
  return [middle, p99, most].map((value) => value.toFixed(0)).join(' / ');
}
