export interface EnvLine {
  readonly name: string;
  /** Null: only named, the value comes from elsewhere. */
  readonly value: string | null;
  /** From 1. */
  readonly line: number;
}

const quotes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

/**
 * The variables of an env file as Compose reads it: `NAME=value`, `export NAME=…`, quotes, ` #` comments
 * (https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax). Variables
 * inside of values stay as they stand. Lines that are none are passed over.
 */
export function readEnvFile(text: string): readonly EnvLine[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const found: EnvLine[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const [, name, rest] = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*(?:[=:]\s*(.*))?$/.exec(lines[index] ?? '') ?? [];
    if (name === undefined) continue;
    const line = index + 1;
    const quote = rest?.[0];
    if (rest === undefined || (quote !== '"' && quote !== "'")) {
      found.push({ name, value: rest === undefined ? null : rest.replace(/(?:^|\s+)#.*$/, '').trim(), line });
      continue;
    }
    let quoted = rest.slice(1);
    while (!isClosed(quoted, quote) && index + 1 < lines.length) {
      index += 1;
      quoted += `\n${lines[index] ?? ''}`;
    }
    found.push({ name, value: unquote(quoted, quote), line });
  }
  return found;
}

function isClosed(text: string, quote: string): boolean {
  return quote === "'" ? text.includes("'") : /(?:^|[^\\])(?:\\\\)*"/.test(text);
}

function unquote(text: string, quote: string): string {
  if (quote === "'") return text.split("'")[0] ?? '';
  const inner = /^((?:[^"\\]|\\.)*)/s.exec(text)?.[1] ?? '';
  return inner.replaceAll(/\\(.)/gs, (both, character: string) => quotes[character] ?? both);
}
