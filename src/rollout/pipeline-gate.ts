import type { Answer, GateInquiry } from './evaluate-gates.ts';
import type { GateState } from './gate.ts';
import type { GateDefinition } from './plan.ts';

const closed: GateState = { kind: 'closed' };

/** Only the latest run of the release's pipeline counts. */
export function pipelinePassed(gate: Extract<GateDefinition, { kind: 'pipeline' }>, inquiry: GateInquiry): Answer {
  const { release, pipeline = null } = inquiry;
  if (pipeline === null) {
    const message = `The pipeline of ${release} has not run, and here ${gate.jobs.join(', ')} must have passed.`;
    return { state: closed, message };
  }
  const { run, state, passed, problem } = pipeline;
  switch (state) {
    case 'queued':
    case 'running':
      return { state: closed, message: `The pipeline of ${release} is under way: \`lotse pipeline show ${run}\`.` };
    case 'failed':
    case 'cancelled':
      return { state: closed, message: `The pipeline of ${release} has not passed: ${problem ?? state}` };
    case 'passed': {
      const missing = gate.jobs.filter((job) => !passed.includes(job));
      if (missing.length === 0)
        return { state: { kind: 'open', evidence: [run] }, message: `${passed.join(', ')} passed.` };
      const message = `The pipeline of ${release} has no ${missing.join(', ')}, which must have passed here.`;
      return { state: closed, message };
    }
  }
}
