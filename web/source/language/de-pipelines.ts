import type { enPipelines } from './en-pipelines.ts';
import type { Words } from './words.ts';

export const dePipelines: Words<typeof enPipelines> = {
  pipelines: {
    title: 'Pipeline',
    runs_one: '{{count}} Lauf',
    runs_other: '{{count}} Läufe',
    needs: 'braucht {{jobs}}',
    took: '{{time}}',
    status: 'Status {{code}}',
    cache: { hit: 'Cache passte', miss: 'kein Cache passte' },
    artifacts: 'Artefakte aufbewahrt',
    runAgain: 'Noch einmal',
    runHappens:
      'Jeder Job von {{release}} läuft noch einmal, aus den Quellen, die aufbewahrt sind. Bis er bestanden ist, nimmt keine Umgebung das Release.',
    cancel: 'Abbrechen',
    cancelHappens:
      'Jeder Prozess seiner Jobs wird beendet. Dann nimmt keine Umgebung {{release}}, bis ein Lauf bestanden ist.',
    state: {
      queued: 'wartet auf andere',
      waiting: 'wartet',
      running: 'läuft',
      passed: 'bestanden',
      failed: 'gescheitert',
      cancelled: 'abgebrochen',
      skipped: 'übersprungen',
    },
  },
};
