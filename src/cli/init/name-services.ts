import { namePattern, reservedNames } from '../../manifest/names.ts';

/** A name that lotse.yaml takes: one lower-case DNS label that starts with a letter. */
export function toName(written: string, otherwise: string): string {
  const name = written
    .replace(/^@[^/]+\//, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  if (!namePattern.test(name)) return otherwise;
  return reservedNames.includes(name) ? `${name}-app` : name;
}

/** The same name twice becomes `name`, `name-2`. */
export function uniqueName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let number = 2; ; number += 1) {
    if (!taken.has(`${name}-${number}`)) return `${name}-${number}`;
  }
}
