import { parseDocument } from 'yaml';
import { z } from 'zod';
import { severities, type Severity } from '../core/severities.ts';
import { reportProblem } from './report-problem.ts';

export interface ScanReport {
  /** As the tools call themselves. */
  readonly tools: readonly string[];
  readonly findings: Readonly<Record<Severity, number>>;
  /** The worst ones, the first of them. */
  readonly worst: readonly string[];
}

const level = z.enum(['none', 'note', 'warning', 'error']);
const properties = z.looseObject({ 'security-severity': z.union([z.string(), z.number()]).optional() }).optional();
const rule = z.looseObject({
  id: z.string(),
  defaultConfiguration: z.looseObject({ level: level.optional() }).optional(),
  properties,
});
const result = z.looseObject({
  ruleId: z.string().optional(),
  ruleIndex: z.number().int().optional(),
  rule: z.looseObject({ id: z.string().optional(), index: z.number().int().optional() }).optional(),
  kind: z.enum(['notApplicable', 'pass', 'fail', 'review', 'open', 'informational']).optional(),
  level: level.optional(),
  message: z.looseObject({ text: z.string().optional() }),
  baselineState: z.enum(['new', 'unchanged', 'updated', 'absent']).optional(),
  suppressions: z.array(z.looseObject({ status: z.string().optional() })).optional(),
  properties,
});
const log = z.looseObject({
  version: z.literal('2.1.0'),
  runs: z.array(
    z.looseObject({
      tool: z.looseObject({ driver: z.looseObject({ name: z.string(), rules: z.array(rule).optional() }) }),
      invocations: z.array(z.looseObject({ executionSuccessful: z.boolean() })).optional(),
      results: z.array(result).nullish(),
    }),
  ),
});

type Run = z.output<typeof log>['runs'][number];
type Result = z.output<typeof result>;
type Rule = z.output<typeof rule>;

const mostShown = 20;

/**
 * Reads SARIF 2.1.0 (OASIS). What counts is a result that is no pass, was not suppressed and is still there; how severe it
 * is says `security-severity` (as GitHub reads it: from 9 critical, 7 high, 4 medium), else its level. Errors: `bad-input`
 * with its place; also where a run was not successful or has no results at all, since that is no scan without findings.
 */
export function readSarif(text: string, file: string): ScanReport {
  const parsed = log.safeParse(parseJson(text, file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw reportProblem(file, null, `is no SARIF 2.1.0: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  const { runs } = parsed.data;
  if (runs.length === 0) throw reportProblem(file, null, 'has no runs: nothing was scanned');
  const findings: Record<Severity, number> = { critical: 0, high: 0, medium: 0, low: 0 };
  const shown: { readonly severity: Severity; readonly text: string }[] = [];
  for (const run of runs) {
    refuseUnsuccessful(run, file);
    for (const each of (run.results ?? []).filter(isFinding)) {
      const found = ruleOf(run, each);
      const severity = severityOf(each, found);
      findings[severity] += 1;
      shown.push({
        severity,
        text: `${severity}: ${found?.id ?? each.ruleId ?? ''} ${each.message.text ?? ''}`.slice(0, 200),
      });
    }
  }
  const worst = shown.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  return {
    tools: runs.map(({ tool }) => tool.driver.name),
    findings,
    worst: worst.slice(0, mostShown).map((each) => each.text),
  };
}

function refuseUnsuccessful({ tool, invocations = [], results }: Run, file: string): void {
  if (results == null) throw reportProblem(file, null, `${tool.driver.name} tells no results: it has not scanned`);
  if (invocations.every(({ executionSuccessful }) => executionSuccessful)) return;
  throw reportProblem(file, null, `${tool.driver.name} says itself that it was not successful`);
}

function isFinding({ kind = 'fail', baselineState, suppressions = [] }: Result): boolean {
  const isSuppressed = suppressions.some(({ status = 'accepted' }) => status === 'accepted');
  return ['fail', 'review', 'open'].includes(kind) && baselineState !== 'absent' && !isSuppressed;
}

function ruleOf({ tool }: Run, { ruleId, ruleIndex, rule: named }: Result): Rule | undefined {
  const { rules = [] } = tool.driver;
  const index = ruleIndex ?? named?.index;
  const id = ruleId ?? named?.id;
  // A result may name a rule more closely than it is listed: `CA1000/1`.
  return index === undefined || index < 0
    ? rules.find((each) => each.id === id || id?.startsWith(`${each.id}/`))
    : rules[index];
}

function severityOf({ level: said, properties: own }: Result, found: Rule | undefined): Severity {
  const score = Number(own?.['security-severity'] ?? found?.properties?.['security-severity'] ?? 'none');
  if (Number.isFinite(score)) return score >= 9 ? 'critical' : score >= 7 ? 'high' : score >= 4 ? 'medium' : 'low';
  switch (said ?? found?.defaultConfiguration?.level ?? 'warning') {
    case 'error':
      return 'high';
    case 'warning':
      return 'medium';
    case 'note':
    case 'none':
      return 'low';
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const said = error instanceof Error ? error.message : '';
    throw reportProblem(file, placeOfMistake(text), `is not JSON: ${said.replace(/ in JSON at position.*$/s, '')}`);
  }
}

const longestSearched = 4_000_000;

/** JSON is YAML, whose parser says where it stopped to understand. */
function placeOfMistake(text: string): { readonly line: number; readonly column: number } | null {
  if (text.length > longestSearched) return null;
  const [at] = parseDocument(text).errors[0]?.linePos ?? [];
  return at === undefined ? null : { line: at.line, column: at.col };
}
