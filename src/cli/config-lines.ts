import {
  sayValueSource,
  type ConfigDiffView,
  type ConfigView,
  type SettingsVersionView,
} from '../capabilities/config/config-api.ts';
import { formatTime, type Output } from './output.ts';
import { harmless } from './text-layout.ts';

/** Values with their sources; what runs where it is something else. */
export function showConfig(config: ConfigView, out: Output): void {
  const { values, undeclared, environment, release, revision } = config;
  if (values.length === 0 && undeclared.length === 0) {
    return out.line(release === null ? `${config.app} has no release yet.` : `${release} declares no config.`);
  }
  out.table(
    ['name', 'value', 'source', ...(config.differs ? ['runs'] : [])],
    [
      ...values.map((each) => [
        named(each),
        each.value === null ? missingWord(each.required, out) : shown(each.value),
        out.paint(sayValueSource(each.source), 'dim'),
        ...(each.differs ? [out.paint(each.runs === null ? '–' : shown(each.runs), 'yellow')] : []),
      ]),
      ...undeclared.map((each) => [
        named(each),
        shown(each.value),
        out.paint(`${release ?? 'no release'} does not declare it`, 'yellow'),
      ]),
    ],
  );
  if (revision === null)
    return out.note(out.paint(`Nothing serves in ${environment}: the first deploy brings these.`, 'dim'));
  if (!config.differs) return;
  out.line();
  out.line(`${out.paint('not what runs', 'yellow', 'bold')}  ${revision} serves with other values.`);
  out.line(`  lotse config apply ${environment}   rolls out what is set`);
}

function missingWord(isRequired: boolean, out: Output): string {
  return isRequired ? out.paint('missing', 'red') : out.paint('–', 'dim');
}

export function showConfigHistory(environment: string, versions: readonly SettingsVersionView[], out: Output): void {
  if (versions.length === 0) return out.line(`Nothing was ever set for ${environment}.`);
  for (const { version, at, by, reason, changes } of versions) {
    const why = reason === null ? '' : `  “${harmless(reason)}”`;
    out.line(`${out.paint(`${environment}@${version}`, 'bold')}  ${formatTime(at)}  ${harmless(by)}${why}`);
    for (const change of changes) out.line(`  ${changeLine(change)}`);
  }
}

export function showConfigDiff({ from, to, lines }: ConfigDiffView, out: Output): void {
  if (lines.length === 0) return out.line(`${from} and ${to} have the same config.`);
  out.table(
    ['name', from, to],
    lines.map((each) => [named(each), value(each.from), value(each.to)]),
  );
}

interface Change {
  readonly variable: string;
  readonly service: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

/** `LOG_LEVEL of web: info → debug`. */
export function changeLine(change: Change): string {
  return `${named(change)}: ${value(change.from)} → ${change.to === null ? 'as lotse.yaml says' : shown(change.to)}`;
}

function named({ variable, service }: Pick<Change, 'variable' | 'service'>): string {
  return service === null ? variable : `${variable} of ${service}`;
}

function value(text: string | null): string {
  return text === null ? '–' : shown(text);
}

/** One line of it, in quotes where one would not see it. */
function shown(text: string): string {
  const short = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return /^\S(?:.*\S)?$/.test(short) ? harmless(short) : JSON.stringify(short);
}
