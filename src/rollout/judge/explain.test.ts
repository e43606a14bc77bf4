import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explain } from './explain.ts';
import type { Unexplained } from './explain.ts';
import type { JudgeRules } from './judge-rules.ts';
import type { Finding } from './judgement.ts';

const rules: JudgeRules = {
  ...{ newRevision: 'production-2', oldRevision: 'production-1', services: [], limits: [], signals: [] },
  ...{ margin: 1.1, tolerance: 2, toleratedRate: 0.005, exposureBudget: null, withinMs: 7_200_000 },
};

const web: Finding = {
  ...{ service: 'web', metric: 'failures', thresholdMs: null, verdict: 'undecided' },
  harm: { log: 0, threshold: Math.log(600) },
  health: { log: 0, threshold: Math.log(20) },
  counted: { new: { requests: 1_000, events: 5 }, old: { requests: 19_000, events: 95 } },
};
const unseen: Finding['counted'] = { new: { requests: 0, events: 0 }, old: { requests: 0, events: 0 } };

interface Case extends Partial<Unexplained> {
  readonly quiet?: readonly Finding[];
}

function sentenceOf({ quiet = [], ...judged }: Case): string {
  const findings = judged.findings ?? [web];
  const exposure = { spent: 0, budget: null };
  const all = {
    at: 0,
    verdict: 'undecided',
    broken: [],
    exposure,
    unanswered: [],
    perSecond: { web: 10 },
    ...judged,
    findings,
  } as const;
  return explain(
    all,
    { needed: findings.filter((one) => one.metric === 'failures' && !quiet.includes(one)), quiet },
    rules,
  );
}

const harmful = (of: Partial<Finding>): Case => ({
  verdict: 'harmful',
  findings: [{ ...web, verdict: 'harmful', harm: { log: Math.log(2_345), threshold: Math.log(600) }, ...of }],
});

describe('a judgement in words', () => {
  it('says what fails, beside the old release, and how sure that is', () => {
    const counted = { new: { requests: 1_000, events: 31 }, old: { requests: 19_000, events: 95 } };
    assert.equal(
      sentenceOf(harmful({ counted })),
      'web of the new release fails 3.1 % of requests, the old 0.5 %: the evidence is 1 in 2,300 against chance, 1 in 600 is enough.',
    );
  });

  it('says of a release that nobody has asked that it has no rate', () => {
    const counted = { new: { requests: 10, events: 10 }, old: { requests: 0, events: 0 } };
    assert.match(sentenceOf(harmful({ counted })), /fails 100 % of requests, the old none: /);
  });

  it('says what takes too long', () => {
    const counted = { new: { requests: 500, events: 60 }, old: { requests: 9_500, events: 95 } };
    assert.match(
      sentenceOf(harmful({ metric: 'late', thresholdMs: 400, counted })),
      /^web of the new release takes longer than 400 ms for 12 % of requests, the old for 1 %: the evidence is /,
    );
    assert.match(
      sentenceOf(harmful({ metric: 'durations' })),
      /^Requests to web take longer with the new release than with the old: the evidence is /,
    );
  });

  it('says what the verification found', () => {
    const counted = { new: { requests: 9, events: 8 }, old: { requests: 9, events: 0 } };
    assert.match(
      sentenceOf(harmful({ service: null, metric: 'probes', counted })),
      /^The verification fails in 8 of 9 runs with the new release, in 0 of 9 with the old: the evidence is /,
    );
  });

  it('says of several harms the strongest', () => {
    const api = { ...web, service: 'api', harm: { log: 100, threshold: 6 }, verdict: 'harmful' } as const;
    const both = [...(harmful({}).findings ?? []), api];
    assert.match(sentenceOf({ verdict: 'harmful', findings: both }), /^api .* less than 1 in a million against chance/);
    const nearer = { ...api, harm: { log: 9, threshold: 3 } };
    const further = { ...api, service: 'admin', harm: { log: 10, threshold: 9 } };
    assert.match(sentenceOf({ verdict: 'harmful', findings: [further, nearer] }), /^api /, 'beyond its own threshold');
  });

  it('says which limit is broken, and what a spent budget was for', () => {
    const broken = ['web of the new release fails 3.1 % of requests; at most 1 % may.'];
    assert.equal(sentenceOf({ broken }), broken[0]);
    assert.equal(
      sentenceOf({ exposure: { spent: 31.4, budget: 30 } }),
      'The new release has cost 31 failed requests that the old one would not have had; 30 are allowed.',
    );
    assert.match(sentenceOf({ exposure: { spent: 30, budget: 30 } }), /^The new release has cost 30 /);
    assert.match(sentenceOf({ exposure: { spent: 29, budget: 30 } }), /^Undecided: /);
  });

  it('says how long it takes at today’s load until health is proven', () => {
    assert.equal(
      sentenceOf({}),
      "Undecided: at today's load about 5 more minutes are needed until web can be called healthy.",
    );
    const nearly = { ...web, health: { log: 2.7, threshold: Math.log(20) } };
    assert.equal(
      sentenceOf({ findings: [nearly] }),
      "Undecided: at today's load about half a minute more is needed until web can be called healthy.",
    );
    assert.match(sentenceOf({ perSecond: { web: 0.1 } }), / about 8 more hours are needed until web /);
  });

  it('waits for the slowest of all services', () => {
    const api = { ...web, service: 'api' };
    assert.match(
      sentenceOf({ findings: [web, api], perSecond: { web: 10, api: 1 } }),
      / 48 more minutes .* api can be /,
    );
    assert.match(sentenceOf({ findings: [{ ...web, verdict: 'healthy' }, api] }), /^Undecided: api /);
    const found = { findings: [{ ...web, verdict: 'healthy' }, api], perSecond: { web: 0.01, api: 10 } } as const;
    assert.match(
      sentenceOf(found),
      / about 5 more minutes are needed until api can be /,
      'but not for one that is found',
    );
  });

  it('says how many requests there were where nobody knows how long it takes', () => {
    const after = (requests: number) =>
      sentenceOf({ findings: [{ ...web, counted: { ...web.counted, new: { requests, events: 0 } } }], perSecond: {} });
    assert.equal(after(1), 'Undecided: web of the new release has had 1 request so far, too few to tell.');
    assert.equal(after(2), 'Undecided: web of the new release has had 2 requests so far, too few to tell.');
  });

  it('shows both rates when the new release looks worse', () => {
    const counted = { new: { requests: 1_000, events: 9 }, old: { requests: 19_000, events: 95 } };
    assert.match(
      sentenceOf({ findings: [{ ...web, counted, health: { log: -1.5, threshold: 3 } }] }),
      /^Undecided: web of the new release fails 0.9 % of requests, the old 0.5 %; at today's load about 7 more minutes /,
    );
    assert.match(
      sentenceOf({ findings: [{ ...web, counted, health: { log: -1, threshold: 3 } }] }),
      /^Undecided: at today/,
    );
  });

  it('says who had no traffic', () => {
    const api = { ...web, service: 'api', counted: { ...web.counted, new: { requests: 0, events: 0 } } };
    assert.equal(
      sentenceOf({ findings: [api] }),
      'Nothing can be said yet: api has had no request of the new release.',
    );
    assert.equal(sentenceOf({ findings: [web, api] }), 'Undecided: api has had no request of the new release.');
    assert.equal(
      sentenceOf({ findings: [api, { ...api, service: 'admin' }] }),
      'Nothing can be said yet: api and admin have had no request of the new release.',
    );
    const none = { ...web, counted: unseen };
    assert.equal(
      sentenceOf({ findings: [none], quiet: [none] }),
      'Nothing can be said yet: no service has had a request.',
    );
  });

  it('says that it is healthy, and what could not be told', () => {
    const healthy = { ...web, verdict: 'healthy' } as const;
    const api = { ...healthy, service: 'api' };
    assert.equal(
      sentenceOf({ verdict: 'healthy', findings: [healthy] }),
      'Healthy: web of the new release fails no more requests than is tolerated.',
    );
    const admin = { ...web, service: 'admin' };
    assert.equal(
      sentenceOf({ verdict: 'healthy', findings: [healthy, api, admin], quiet: [admin] }),
      'Healthy: web and api of the new release fail no more requests than is tolerated; admin had too few requests to tell.',
    );
  });

  it('says that health waits for answers, and of which service most', () => {
    const unanswered = [
      { service: 'api', newRate: 0.02, oldRate: 0 },
      { service: 'web', newRate: 0.083, oldRate: 0.0041 },
    ];
    const healthy = [{ ...web, verdict: 'healthy' }] as const;
    assert.equal(
      sentenceOf({ findings: healthy, unanswered }),
      'Undecided: web of the new release has left 8.3 % of requests without an answer, the old 0.41 %; it cannot be called healthy while that is so.',
    );
  });
});
