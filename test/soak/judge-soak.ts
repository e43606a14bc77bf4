import type { SoakReport } from './soak.ts';

/** What a run missed; empty: nothing. `growth`: how many times the early memory the late one may be. */
export function judgeSoak(report: SoakReport, growth: number): readonly string[] {
  const problems: string[] = [];
  const { earlyBytes, lateBytes, descriptors, unexpected, lostToKills, kills, requests } = report;
  if (lateBytes > earlyBytes * growth)
    problems.push(`memory grew from ${earlyBytes} to ${lateBytes} bytes, ${(lateBytes / earlyBytes).toFixed(3)} times`);
  const [first = []] = descriptors;
  const other = descriptors.find((counts) => counts.join() !== first.join());
  if (other !== undefined) problems.push(`there were ${first.join(' ')} descriptors, later ${other.join(' ')}`);
  if (Object.keys(unexpected).length > 0) problems.push(`requests failed: ${JSON.stringify(unexpected)}`);
  if (earlyBytes === 0 || requests === 0 || kills === 0) problems.push('nothing was measured');
  // A worker holds at most what a moment of load and the kept connections are.
  if (lostToKills > kills * 50) problems.push(`${kills} killed workers took ${lostToKills} requests with them`);
  return problems;
}
