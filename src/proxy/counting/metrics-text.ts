export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export interface HistogramSample {
  readonly labels: Labels;
  /** How many values were at most so much, with ascending bounds. */
  readonly buckets: readonly { readonly atMost: number; readonly count: number }[];
  readonly count: number;
  readonly sum: number;
}

const prefix = 'lotse_proxy_';

/** One family in the Prometheus text format 0.0.4. */
export function family(
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  samples: readonly Sample[] | number,
): string {
  const list = typeof samples === 'number' ? [{ labels: {}, value: samples }] : samples;
  return head(name, type, help) + list.map((sample) => line(name, sample)).join('');
}

export function histogramFamily(name: string, help: string, samples: readonly HistogramSample[]): string {
  const lines = samples.flatMap(({ labels, buckets, count, sum }) => [
    ...buckets.map(({ atMost, count: value }) =>
      line(`${name}_bucket`, { labels: { ...labels, le: String(atMost) }, value }),
    ),
    line(`${name}_bucket`, { labels: { ...labels, le: '+Inf' }, value: count }),
    line(`${name}_sum`, { labels, value: sum }),
    line(`${name}_count`, { labels, value: count }),
  ]);
  return head(name, 'histogram', help) + lines.join('');
}

function head(name: string, type: string, help: string): string {
  return `# HELP ${prefix}${name} ${help}\n# TYPE ${prefix}${name} ${type}\n`;
}

function line(name: string, { labels, value }: Sample): string {
  return `${prefix}${name}${labelText(labels)} ${value}\n`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
