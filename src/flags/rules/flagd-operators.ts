import { coerce, compare, parse, type SemVer } from 'semver';
import { fractional } from './fractional.ts';
import { RuleProblem, termsOf, type Operator, type Term } from './rule.ts';

/** What flagd adds to JsonLogic. What they cannot work with gives null, so that the default variant holds. */
export const flagdOperators: Readonly<Record<string, Operator>> = {
  starts_with: ofTexts((text, part) => text.startsWith(part)),
  ends_with: ofTexts((text, part) => text.endsWith(part)),
  sem_ver: (args, place, compile) => {
    const [version, operator, other] = termsOf(args, place, compile, [3, 3]);
    if (version === undefined || operator === undefined || other === undefined) return () => null;
    const holds = comparisonOf(operator, [...place.path, 1]);
    const known = other.constant === null ? null : versionOf(other.constant.value);
    if (other.constant !== null && known === null) {
      throw new RuleProblem([...place.path, 2], `${JSON.stringify(other.constant.value)} is no version`);
    }
    return (context, nowS) => {
      const one = versionOf(version.run(context, nowS));
      const two = known ?? versionOf(other.run(context, nowS));
      return one === null || two === null ? null : holds(one, two);
    };
  },
  fractional,
};

function ofTexts(holds: (text: string, part: string) => boolean): Operator {
  return (args, place, compile) => {
    const [text, part] = termsOf(args, place, compile, [2, 2]).map((term) => term.run);
    if (text === undefined || part === undefined) return () => null;
    return (context, nowS) => {
      const whole = text(context, nowS);
      const piece = part(context, nowS);
      return typeof whole === 'string' && typeof piece === 'string' ? holds(whole, piece) : null;
    };
  };
}

/** Plain versions are read without the library: most are. `rest`: the whole of one that is more. */
interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly rest: SemVer | null;
}

type Holds = (one: Version, other: Version) => boolean;

const comparisons: Readonly<Record<string, Holds>> = {
  '=': (one, other) => order(one, other) === 0,
  '!=': (one, other) => order(one, other) !== 0,
  '<': (one, other) => order(one, other) < 0,
  '<=': (one, other) => order(one, other) <= 0,
  '>': (one, other) => order(one, other) > 0,
  '>=': (one, other) => order(one, other) >= 0,
  '^': (one, other) => one.major === other.major,
  '~': (one, other) => one.major === other.major && one.minor === other.minor,
};

function comparisonOf(operator: Term, path: readonly (string | number)[]): Holds {
  const holds = comparisons[String(operator.constant?.value)];
  if (operator.constant !== null && holds !== undefined) return holds;
  throw new RuleProblem(path, `is one of ${Object.keys(comparisons).join(' ')}`);
}

const plain = /^[vV]?(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/;

/** Null: no version. `1` and `1.2` are read as `1.0.0` and `1.2.0`, a leading `v` is read over. */
function versionOf(value: unknown): Version | null {
  const text = String(value);
  const found = plain.exec(text);
  if (found !== null) return { major: Number(found[1]), minor: Number(found[2]), patch: Number(found[3]), rest: null };
  const bare = text.replace(/^[vV]/, '');
  const rest = parse(bare) ?? (/^\d+(\.\d+)?$/.test(bare) ? coerce(bare) : null);
  return rest === null ? null : { major: rest.major, minor: rest.minor, patch: rest.patch, rest };
}

function order(one: Version, other: Version): number {
  if (one.rest !== null || other.rest !== null) return compare(one.rest ?? textOf(one), other.rest ?? textOf(other));
  return one.major - other.major || one.minor - other.minor || one.patch - other.patch;
}

function textOf({ major, minor, patch }: Version): string {
  return `${major}.${minor}.${patch}`;
}
