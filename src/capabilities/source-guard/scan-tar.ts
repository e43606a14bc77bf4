import { closeSync, openSync } from 'node:fs';
import { reviewedFile, type Finding } from './findings.ts';
import { isConfiguration } from './own-rules.ts';
import { tarFiles, type TarFile } from './read-tar.ts';
import { scanText } from './scan-text.ts';

/** Nobody writes longer files by hand; of those that are, this much is looked at. */
const mostOfFileBytes = 1024 * 1024;
/** About seven seconds of one core. */
const mostBytes = 96 * 1024 * 1024;

export interface Scan {
  readonly findings: readonly Finding[];
  /** The text of the file in which findings are marked; null: there is none. */
  readonly reviewed: string | null;
  /** Files that were not looked at: there was too much before them. */
  readonly leftOut: number;
}

/** Looks at every text in a tar: configuration first, then the rest in its order until there is too much. */
export async function scanTar(file: string): Promise<Scan> {
  const descriptor = openSync(file, 'r');
  try {
    const files = [...tarFiles(descriptor)].filter(({ path }) => isOwn(path));
    const [first, rest] = [files.filter(isFirst), files.filter((each) => !isFirst(each))];
    const findings: Finding[] = [];
    let [bytes, leftOut] = [0, 0];
    for (const each of [...first, ...rest]) {
      const content = bytes < mostBytes ? each.read(mostOfFileBytes) : null;
      if (content === null) leftOut += 1;
      else if (!isBinary(content)) {
        bytes += content.length;
        findings.push(...(await scanText(each.path, content.toString('utf8'))));
      }
    }
    const reviewed = files.find(({ path }) => path === reviewedFile)?.read(mostOfFileBytes);
    return { findings, reviewed: reviewed?.toString('utf8') ?? null, leftOut };
  } finally {
    closeSync(descriptor);
  }
}

/** Packages of others have keys in their tests; the file of what was reviewed has none. */
function isOwn(path: string): boolean {
  return path === reviewedFile || !/(?:^|\/)(?:node_modules|\.git)\//.test(path);
}

function isFirst({ path }: TarFile): boolean {
  return isConfiguration(path);
}

/** As git tells it: a NUL byte near the beginning. */
function isBinary(content: Buffer): boolean {
  return content.subarray(0, 8_000).includes(0);
}
