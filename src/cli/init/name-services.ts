import { variableOf } from '../../core/variable-names.ts';
import { namePattern, reservedNames, reservedVariable } from '../../manifest/names.ts';

const longestName = 40;

/** A name that lotse.yaml takes: one lower-case DNS label that starts with a letter. */
export function toName(written: string, otherwise: string): string {
  const name = cut(
    written
      .replace(/^@[^/]+\//, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+/, ''),
    longestName - 4,
  );
  if (!namePattern.test(name)) return otherwise;
  return reservedNames.includes(name) || name in Object.prototype ? `${name}-app` : name;
}

/** The same name twice becomes `name`, `name-2`. Its variables (`NAME_URL`, `NAME_DIR`) are nobody else's either. */
export function uniqueName(wanted: string, taken: ReadonlySet<string>): string {
  const isTaken = (['URL', 'DIR'] as const).some((suffix) => reservedVariable(variableOf(wanted, suffix)) !== null);
  const name = isTaken ? `the-${wanted}` : wanted;
  if (!taken.has(name)) return name;
  for (let number = 2; ; number += 1) {
    const numbered = `${cut(name, longestName - `-${number}`.length)}-${number}`;
    if (!taken.has(numbered)) return numbered;
  }
}

function cut(name: string, length: number): string {
  return name.slice(0, length).replace(/-+$/, '');
}
