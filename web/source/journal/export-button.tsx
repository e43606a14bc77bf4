import { useMutation } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../language/format.ts';
import { useLocale } from '../language/use-locale.ts';
import { downloadText } from '../logs/download-text.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { readJournal } from './use-older-events.ts';

/** All events of an app, or of one environment, as a file with one JSON value a line. */
export function ExportButton({ app, environment }: { readonly app: string; readonly environment: string | null }) {
  const { t } = useTranslation();
  const language = useLocale();
  const [count, setCount] = useState(0);
  const run = useMutation({
    async mutationFn() {
      const text = await readAll(app, environment, setCount);
      downloadText(`${app}-${environment ?? 'all'}-journal.ndjson`, text, 'application/x-ndjson');
    },
  });
  return (
    <>
      <button type="button" className="button" disabled={run.isPending} onClick={() => run.mutate()}>
        <Download aria-hidden="true" />
        {run.isPending ? t('journal.exporting', { number: formatCount(count, language) }) : t('journal.export')}
      </button>
      {run.error === null ? null : <ProblemNotice error={run.error} />}
    </>
  );
}

async function readAll(app: string, environment: string | null, onCount: (count: number) => void): Promise<string> {
  const lines: string[] = [];
  for (let after = 0; ;) {
    const events = await readJournal(app, environment, after);
    lines.push(...events.map((event) => `${JSON.stringify(event)}\n`));
    onCount(lines.length);
    const last = events.at(-1);
    if (last === undefined) return lines.join('');
    after = last.position;
  }
}
