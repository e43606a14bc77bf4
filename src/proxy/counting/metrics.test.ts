import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ProxyControl } from '../control-client.ts';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { parsePrometheusText } from '../fixtures/prometheus-text.ts';
import { ask, get, RawClient } from '../fixtures/raw-client.ts';
import { freePorts, ProxyFolder } from '../fixtures/running-proxy.ts';
import { untilTrue } from '../fixtures/until-true.ts';
import { defaultLimits } from '../limits.ts';

describe('the metrics of a proxy', () => {
  let folder: ProxyFolder;
  let control: ProxyControl;
  let app: PlainApp;
  let port = 0;

  beforeEach(async () => {
    folder = new ProxyFolder();
    app = await PlainApp.start(() => ok('hello'));
    [port = 0] = await freePorts(1);
    control = await folder.start(2);
  });
  afterEach(async () => {
    await folder.end(control);
    await app.stop();
  });

  const metrics = async () => parsePrometheusText(await control.metrics());
  const single = async (name: string) => (await metrics()).get(`lotse_proxy_${name}`)?.samples.get('');

  it('are valid from the first moment, before there is any document', async () => {
    assert.equal(await single('workers'), 2);
    assert.deepEqual([await single('document_version'), await single('document_confirmed')], [0, 0]);
  });

  it('tell what is in force, what is open, and what has been', async () => {
    const routed = service([instance(app.port)], { lateAfterMs: [10_000] });
    const old = revision('one', [routed]);
    await control.putDocument(document([environment([old], { port, app: 'sh"o\\p' })], { fence: 3, version: 8 }));
    for (let i = 0; i < 4; i++) await ask(port, get('/'));
    const open = await RawClient.connect(port);
    open.send(get('/'));
    await open.response();
    const of = { app: 'sh"o\\p', environment: 'production', by: 'anna', reason: null };
    await control.override({ ...of, order: { kind: 'switch', to: 'one' } });
    await ask(port, get('/'));
    // A hand-over in between: epochs of the predecessor are there as well.
    await control.upgrade();
    await ask(port, get('/'));
    const found = await metrics();
    const value = (name: string, labels: string) => found.get(`lotse_proxy_${name}`)?.samples.get(labels);
    assert.deepEqual([value('document_version', ''), value('document_fence', '')], [8, 3]);
    assert.deepEqual([value('document_confirmed', ''), value('problems', ''), value('held_requests', '')], [1, 1, 0]);
    assert.equal(value('override_active', 'app="sh\\"o\\\\p",environment="production",kind="switch"'), 1);
    assert.equal(value('active_requests', `address="127.0.0.1:${app.port}"`), 0);
    assert.equal(value('ejected', `address="127.0.0.1:${app.port}"`), 0);
    const finished = [...(found.get('lotse_proxy_requests_total')?.samples ?? [])];
    const byEpoch = finished
      .filter(([labels]) => labels.includes('outcome="ok"'))
      .map(([labels, times]) => `epoch ${/epoch="(.*?)"/.exec(labels)?.[1]}: ${times}`);
    assert.deepEqual(byEpoch.toSorted(), ['epoch -1: 1', 'epoch -1: 1', 'epoch 1: 5']);
    open.close();
  });

  it('tell how long requests took, and how many passed each threshold, also while they hang', async () => {
    const routed = service([instance(app.port)], { lateAfterMs: [50, 150] });
    await control.putDocument(document([environment([revision('one', [routed])], { port })]));
    // Two workers share the warm-up: on one connection all requests go to one of them.
    const client = await RawClient.connect(port);
    for (let i = 0; i < defaultLimits.warmUpRequests / 2 + 3; i++) {
      client.send(get('/'));
      await client.response();
    }
    app.handler = () => null;
    client.send(get('/'));
    const late = (found: Awaited<ReturnType<typeof metrics>>) => {
      const samples = [...(found.get('lotse_proxy_late_requests_total')?.samples ?? [])];
      return samples.map(([labels, count]) => [/threshold="(.*?)"/.exec(labels)?.[1], count]);
    };
    await untilTrue('both are passed', async () => late(await metrics())[1]?.[1] === 1);
    const found = await metrics();
    assert.deepEqual(late(found), [
      ['0.05', 1],
      ['0.15', 1],
    ]);
    const { type, samples = new Map<string, number>() } = found.get('lotse_proxy_request_duration_seconds') ?? {};
    const values = (part: string) =>
      [...samples].filter(([series]) => series.startsWith(part)).map(([, value]) => value);
    assert.deepEqual([type, values('_count'), values('_bucket').length], ['histogram', [3], 16]);
    const [sum = 0] = values('_sum');
    assert.ok(sum > 0 && sum < 3, `${sum} s together`);
    const bounds = [...samples.keys()].flatMap((series) => /le="(.*?)"/.exec(series)?.[1] ?? []);
    assert.deepEqual([bounds[0], bounds[9], bounds[14], bounds[15]], ['0.002', '1.024', '32.768', '+Inf']);
    client.close();
  });
});

describe('the reader that the test judges by', () => {
  it('takes a histogram', () => {
    const text = 'a_bucket{x="1",le="0.5"} 1\na_bucket{x="1",le="+Inf"} 3\na_sum{x="1"} 7.5\na_count{x="1"} 3\n';
    const samples = parsePrometheusText(`# HELP a Help.\n# TYPE a histogram\n${text}`).get('a')?.samples;
    assert.deepEqual([samples?.size, samples?.get('_sumx="1"')], [4, 7.5]);
  });

  const family = '# HELP a_total Help.\n# TYPE a_total counter\n';
  const histogram = '# HELP a Help.\n# TYPE a histogram\n';
  for (const [what, text] of Object.entries({
    'no line feed at the end': `${family}a_total 1`,
    'a sample without its family': 'b 1\n',
    'a family in two groups': `${family}a_total{x="1"} 1\n# HELP b Help.\n# TYPE b gauge\nb 1\na_total{x="2"} 1\n`,
    'a series twice': `${family}a_total{x="1"} 1\na_total{x="1"} 2\n`,
    'a label twice': `${family}a_total{x="1",x="2"} 1\n`,
    'a quote that is not escaped': `${family}a_total{x="1"2"} 1\n`,
    'an escape that is none': `${family}a_total{x="\\t"} 1\n`,
    'a comma at the end of labels': `${family}a_total{x="1",} 1\n`,
    'a value that is none': `${family}a_total null\n`,
    'a counter that is no total': '# HELP a Help.\n# TYPE a counter\na 1\n',
    'two spaces': `${family}a_total  1\n`,
    'buckets that do not ascend': `${histogram}a_bucket{le="2"} 1\na_bucket{le="1"} 1\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n`,
    'buckets that are not cumulative': `${histogram}a_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n`,
    'buckets that do not end': `${histogram}a_bucket{le="1"} 1\na_sum 1\na_count 1\n`,
    'a count that is not that of all': `${histogram}a_bucket{le="+Inf"} 1\na_sum 1\na_count 2\n`,
    'a histogram without its sum': `${histogram}a_bucket{le="+Inf"} 1\na_count 1\n`,
    'a histogram of another kind of sample': `${histogram}a 1\n`,
    'TYPE after a sample': '# HELP a Help.\na 1\n# TYPE a gauge\n',
  })) {
    it(`refuses ${what}`, () => assert.throws(() => parsePrometheusText(text)));
  }
});
