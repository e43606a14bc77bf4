import { createHash } from 'node:crypto';
import type { FindingCounts } from '../core/severities.ts';
import { readJunit } from './read-junit.ts';
import { readSarif } from './read-sarif.ts';

/** What a report says, counted; `hash` is the SHA-256 of its bytes in hex. */
export type ReadReport =
  | {
      readonly kind: 'tests';
      readonly hash: string;
      readonly tests: number;
      readonly failed: number;
      readonly skipped: number;
    }
  | { readonly kind: 'scan'; readonly hash: string; readonly findings: FindingCounts };

export interface ReportWithWords {
  readonly report: ReadReport;
  /** What the tool calls itself, as far as a name of evidence can have it. */
  readonly name: string;
  /** What speaks against it, for people, the worst or first of it. */
  readonly against: readonly string[];
}

/** `junit`: XML of JUnit; `sarif`: SARIF 2.1.0. Errors: `bad-input` with file, line and column. */
export function readReport(format: 'junit' | 'sarif', bytes: Uint8Array, file: string): ReportWithWords {
  const hash = createHash('sha256').update(bytes).digest('hex');
  const text = new TextDecoder().decode(bytes);
  if (format === 'junit') {
    const { failures, tests, failed, skipped } = readJunit(text, file);
    return { report: { kind: 'tests', hash, tests, failed, skipped }, name: 'unit', against: failures };
  }
  const { tools, findings, worst } = readSarif(text, file);
  return { report: { kind: 'scan', hash, findings }, name: nameFrom(tools[0] ?? 'scan'), against: worst };
}

function nameFrom(tool: string): string {
  const name = tool
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .slice(0, 60)
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  return name === '' ? 'scan' : name;
}
