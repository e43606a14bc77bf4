import { parseEnv } from 'node:util';

/** The variables of a `.env` file, as `node --env-file` reads it (https://nodejs.org/api/util.html#utilparseenvcontent). */
export function readDotenv(text: string): Readonly<Record<string, string>> {
  const values = Object.entries(parseEnv(text.replace(/^\uFEFF/, '')));
  return Object.fromEntries(values.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/**
 * A line that `readDotenv` reads as this value again; null where no way of quoting keeps it (all three kinds of quotes in
 * one value).
 */
export function dotenvLine(name: string, value: string): string | null {
  const ways = [value, `'${value}'`, `"${value}"`, `\`${value}\``];
  const isKept = (way: string) => {
    const read = readDotenv(`BEFORE=1\n${name}=${way}\nAFTER=2\n`);
    return read[name] === value && read['BEFORE'] === '1' && read['AFTER'] === '2' && Object.keys(read).length === 3;
  };
  // Other readers take `#`, `$`, `\` and spaces in other ways where nothing is quoted.
  const isPlain = /^[\w./:@%+,-]*$/.test(value);
  const found = ways.slice(isPlain ? 0 : 1).find(isKept);
  return found === undefined ? null : `${name}=${found}`;
}
