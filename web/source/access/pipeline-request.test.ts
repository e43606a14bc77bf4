import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oidcRuleRequest } from '../../../src/capabilities/accounts/oidc-api.ts';
import { problemOfForm, requestOf, type PipelineForm } from './pipeline-request.ts';

const form: PipelineForm = {
  ...{ provider: 'github', repository: ' acme/shop ', ref: 'refs/heads/main', ciEnvironment: '', issuer: '' },
  ...{ app: 'shop', environments: 'staging, production, staging', roles: ['developer'], validMinutes: 60 },
};

test('a form becomes the request of the route, with the claim that the provider signs', () => {
  const request = oidcRuleRequest.parse(requestOf(form));
  assert.deepEqual(request.claims, { repository: 'acme/shop', ref: 'refs/heads/main' });
  assert.deepEqual(request.environments, ['staging', 'production']);
  assert.equal(request.issuer, 'https://token.actions.githubusercontent.com');
  assert.equal(request.validMs, 3_600_000);
  const own = requestOf({ ...form, provider: 'gitlab', issuer: 'https://git.acme.example/', ciEnvironment: 'prod' });
  assert.deepEqual(own.claims, { project_path: 'acme/shop', ref: 'refs/heads/main', environment: 'prod' });
  assert.equal(own.issuer, 'https://git.acme.example');
});

test('what is missing is said, and nobody lets everybody in', () => {
  assert.equal(problemOfForm(form), null);
  assert.equal(problemOfForm({ ...form, repository: 'shop' }), 'repository');
  assert.equal(problemOfForm({ ...form, repository: '*/shop' }), 'anybody');
  assert.equal(problemOfForm({ ...form, repository: 'acme/*' }), null);
  assert.equal(problemOfForm({ ...form, issuer: 'git.acme.example' }), 'issuer');
  assert.equal(problemOfForm({ ...form, app: '' }), 'app');
  assert.equal(problemOfForm({ ...form, environments: ' , ' }), 'environments');
  assert.equal(problemOfForm({ ...form, roles: [] }), 'roles');
});
