import type { ConfigView } from '../capabilities/config/config-api.ts';
import { LotseError } from '../core/errors.ts';
import { looksSecret } from './compose/looks-secret.ts';
import { dotenvLine, readDotenv } from './dotenv.ts';
import type { Output } from './output.ts';

interface PlaceOptions {
  readonly service?: string;
  readonly notSecret?: true;
  readonly onlyDeclared?: true;
  readonly ahead?: boolean;
}

interface Pair {
  readonly variable: string;
  readonly value: string;
  readonly service: string | null;
}

/** `A=1 B=2 production`. Errors: `bad-input`, also for what looks like a secret. */
export function pairsOf(words: readonly string[], options: PlaceOptions) {
  const { environment, rest } = withEnvironment(words, 'lotse config set NAME=VALUE production');
  const { service = null } = options;
  const set = rest.map((word): Pair => {
    const at = word.indexOf('=');
    if (at > 0) return { variable: word.slice(0, at), value: word.slice(at + 1), service };
    throw new LotseError('bad-input', `${JSON.stringify(word)} is no NAME=VALUE`, {
      hint: 'The environment comes last: `lotse config set LOG_LEVEL=debug production`.',
    });
  });
  const secret = options.notSecret === true ? undefined : set.find((each) => looksSecret(each.variable, each.value));
  if (secret === undefined) return { environment, set };
  throw new LotseError('bad-input', `${secret.variable} looks like a secret, and config is readable for everybody`, {
    hint: `\`lotse secret set ${secret.variable} ${environment}\` keeps it; --not-secret says that it is none.`,
  });
}

/** `A B production`. Errors: `bad-input`. */
export function placesOf(words: readonly string[], options: PlaceOptions) {
  const service = options.service ?? null;
  const { environment, rest } = withEnvironment(words, 'lotse config unset NAME production');
  return { environment, unset: rest.map((variable) => ({ variable, service })) };
}

function withEnvironment(words: readonly string[], example: string) {
  const environment = words.at(-1) ?? '';
  const rest = words.slice(0, -1);
  if (rest.length > 0 && !environment.includes('=')) return { environment, rest };
  throw new LotseError('bad-input', 'Which environment? It comes last', { hint: `\`${example}\`` });
}

/** What a `.env` file sets. What looks like a secret is named on stderr and left out. Errors: `bad-input` for none. */
export function configFromDotenv(
  text: string,
  config: ConfigView,
  options: PlaceOptions,
  out: Output,
): readonly Pair[] {
  const { service = null, notSecret = false, onlyDeclared = false } = options;
  const declared = new Set(config.values.map(({ variable }) => variable));
  const all = Object.entries(readDotenv(text)).map(([variable, value]): Pair => ({ variable, value, service }));
  if (all.length === 0)
    throw new LotseError('bad-input', 'stdin has no NAME=VALUE line', { hint: 'Send a file: `< .env`.' });
  const isSecret = ({ variable, value }: Pair) => !notSecret && looksSecret(variable, value);
  const isLeftOut = ({ variable }: Pair) => onlyDeclared && !declared.has(variable);
  for (const each of all) {
    if (isSecret(each)) {
      out.warn(
        `${each.variable} looks like a secret and was left out: lotse secret set ${each.variable} ${config.environment}`,
      );
    } else if (isLeftOut(each)) out.warn(`${each.variable} is not declared and was left out`);
  }
  return all.filter((each) => !isSecret(each) && !isLeftOut(each));
}

/** Writes what a service (null: jobs) is given as a `.env` file. Errors: `bad-input` for a value that cannot stand in one. */
export function exportConfig(config: ConfigView, service: string | null, out: Output): void {
  const names = [...new Set(config.values.map(({ variable }) => variable))];
  const rows = names.flatMap((variable) => {
    const named = config.values.filter((each) => each.variable === variable);
    const found = named.find((each) => each.service === service) ?? named.find((each) => each.service === null);
    return found === undefined || found.value === null ? [] : [{ variable, value: found.value }];
  });
  if (out.isJson) return out.json(Object.fromEntries(rows.map(({ variable, value }) => [variable, value])));
  const lines = rows.map(({ variable, value }) => {
    const line = dotenvLine(variable, value);
    if (line !== null) return line;
    throw new LotseError('bad-input', `${variable} cannot stand in a .env file: it has every kind of quotes`, {
      hint: 'With --json every value can be written.',
    });
  });
  out.lines(lines);
}
