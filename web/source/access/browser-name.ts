const browsers = [
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
  ['Firefox', 'Firefox'],
  ['Chrome', 'Chrome'],
  ['Safari', 'Safari'],
] as const;
const systems = [
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Android', 'Android'],
  ['Windows', 'Windows'],
  ['Mac OS X', 'macOS'],
  ['Linux', 'Linux'],
] as const;

/** `Firefox, Linux` of a User-Agent; null when it names no browser that is known. A help for the eye, and no proof. */
export function browserName(agent: string): string | null {
  const find = (names: readonly (readonly [string, string])[]) => names.find(([sign]) => agent.includes(sign))?.[1];
  const browser = find(browsers);
  const system = find(systems);
  if (browser === undefined) return null;
  return system === undefined ? browser : `${browser}, ${system}`;
}
