import { createHash } from 'node:crypto';

/** Something in a source that looks like a secret. What it is like is nowhere in here. */
export interface Finding {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** What it looks like: `AWS access key id`. */
  readonly rule: string;
  /** The same for the same text in the same file, wherever it stands there. */
  readonly fingerprint: string;
}

/** A line of the file in which somebody says that a finding is no secret. */
export interface ReviewedLine {
  readonly path: string;
  readonly fingerprint: string;
  readonly reason: string;
  /** Of that file, from 1. */
  readonly line: number;
}

/** At the root of the app, beside lotse.yaml: it travels with the commit. */
export const reviewedFile = 'lotse.reviewed';

export function fingerprintOf(path: string, text: string): string {
  return createHash('sha256').update(`${path}\n${text}`).digest('hex').slice(0, 16);
}

/** The line that a finding needs to be let pass. */
export function reviewedLine({ fingerprint, path }: Finding, reason: string): string {
  return `${fingerprint}  ${path}  # ${reason}`;
}

/** Reads `FINGERPRINT  PATH  # REASON` lines. `wrong`: numbers of lines that are none; a line without a reason is one. */
export function parseReviewed(text: string): {
  readonly reviewed: readonly ReviewedLine[];
  readonly wrong: readonly number[];
} {
  const reviewed: ReviewedLine[] = [];
  const wrong: number[] = [];
  for (const [index, written] of text.split('\n').entries()) {
    const line = index + 1;
    if (/^\s*(?:#.*)?$/.test(written)) continue;
    const [, fingerprint, path, reason] = /^\s*([0-9a-f]{16})\s+(\S.*?)\s+#\s*(\S.*?)\s*$/.exec(written) ?? [];
    if (fingerprint === undefined || path === undefined || reason === undefined) wrong.push(line);
    else reviewed.push({ path, fingerprint, reason: reason.slice(0, 500), line });
  }
  return { reviewed, wrong };
}

export interface Sorted {
  readonly refused: readonly Finding[];
  readonly accepted: readonly { readonly finding: Finding; readonly reason: string }[];
  /** Reviewed lines that nothing in the source has. */
  readonly unused: readonly ReviewedLine[];
}

export function sortFindings(findings: readonly Finding[], reviewed: readonly ReviewedLine[]): Sorted {
  const isOf = (line: ReviewedLine, { path, fingerprint }: Finding) =>
    line.path === path && line.fingerprint === fingerprint;
  const accepted = findings.flatMap((finding) => {
    const line = reviewed.find((each) => isOf(each, finding));
    return line === undefined ? [] : [{ finding, reason: line.reason }];
  });
  return {
    accepted,
    refused: findings.filter((finding) => !accepted.some((each) => each.finding === finding)),
    unused: reviewed.filter((line) => !findings.some((finding) => isOf(line, finding))),
  };
}
