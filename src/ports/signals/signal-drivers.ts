import { askJob, type JobSignalOptions } from './job/job-signals.ts';
import { askPrometheus } from './prometheus/prometheus-signals.ts';
import type { MetricQuestion, Signals } from './signals.ts';

/** How long one answer of a metrics server may take, in milliseconds. */
const answerMs = 5_000;
const jobLookMs = 250;

/** Reads from a metrics server alone, where there is nothing that jobs could run on. */
export async function readMetric(question: MetricQuestion, signal: AbortSignal): Promise<number | null> {
  return await askPrometheus(question, { timeoutMs: answerMs }, signal);
}

/** All drivers of signals; the kind of a question says which one is asked. */
export function signalDrivers(options: Omit<JobSignalOptions, 'lookMs'>): Signals {
  return {
    async read(question, signal) {
      switch (question.kind) {
        case 'prometheus':
          return await readMetric(question, signal);
        case 'job':
          return await askJob(question.job, { ...options, lookMs: jobLookMs }, signal);
      }
    },
  };
}
