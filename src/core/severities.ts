/** How bad what a scan has found is, the worst first. */
export const severities = ['critical', 'high', 'medium', 'low'] as const;

export type Severity = (typeof severities)[number];

/** How many findings there are of each. */
export type FindingCounts = Readonly<Record<Severity, number>>;

/** How many are at least as bad as that. */
export function countFrom(findings: FindingCounts, least: Severity): number {
  return severities.slice(0, severities.indexOf(least) + 1).reduce((sum, severity) => sum + findings[severity], 0);
}

/** `0 critical, 2 high, 1 medium, 0 low` */
export function sayFindings(findings: FindingCounts): string {
  return severities.map((severity) => `${findings[severity]} ${severity}`).join(', ');
}
