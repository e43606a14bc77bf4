/** Words about what is run for a release before it is deployed. */
export const enPipelines = {
  pipelines: {
    title: 'Pipeline',
    runs_one: '{{count}} run',
    runs_other: '{{count}} runs',
    needs: 'needs {{jobs}}',
    took: '{{time}}',
    status: 'status {{code}}',
    cache: { hit: 'cache fitted', miss: 'no cache fitted' },
    artifacts: 'artifacts kept',
    runAgain: 'Run again',
    runHappens:
      'Every job of {{release}} runs again, from the source that is kept. Until it has passed, no environment takes the release.',
    cancel: 'Cancel',
    cancelHappens: 'Every process of its jobs is ended. No environment takes {{release}} then, until a run has passed.',
    state: {
      queued: 'queued',
      waiting: 'waiting',
      running: 'running',
      passed: 'passed',
      failed: 'failed',
      cancelled: 'cancelled',
      skipped: 'skipped',
    },
  },
} as const;
