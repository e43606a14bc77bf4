import type { Role } from '../../../src/capabilities/accounts/accounts-api.ts';

/** Where its tokens come from, and which claim names whose pipeline it is. */
export const providers = {
  github: { name: 'GitHub', issuer: 'https://token.actions.githubusercontent.com', claim: 'repository' },
  gitlab: { name: 'GitLab', issuer: 'https://gitlab.com', claim: 'project_path' },
} as const;
export type Provider = keyof typeof providers;

/** What a person has said about pipelines that shall come in. Texts may be empty. */
export interface PipelineForm {
  readonly provider: Provider;
  readonly repository: string;
  readonly ref: string;
  readonly ciEnvironment: string;
  /** Of a GitHub or GitLab of one's own; empty: the public one. */
  readonly issuer: string;
  readonly app: string;
  /** Separated by commas. */
  readonly environments: string;
  readonly roles: readonly Role[];
  readonly validMinutes: number;
}

export type FormProblem = 'repository' | 'anybody' | 'app' | 'environments' | 'roles' | 'issuer';

/** The first thing that is missing or far too wide; null: it can be asked for. */
export function problemOfForm(form: PipelineForm): FormProblem | null {
  const repository = form.repository.trim();
  if (!/^[^\s/]+(?:\/[^\s/]+)+$/.test(repository)) return 'repository';
  if (repository.startsWith('*')) return 'anybody';
  if (form.issuer.trim() !== '' && !/^https:\/\/[^\s/]+/.test(form.issuer.trim())) return 'issuer';
  if (form.app === '') return 'app';
  if (namesIn(form.environments).length === 0) return 'environments';
  return form.roles.length === 0 ? 'roles' : null;
}

/** The body of `POST /oidc/rules`. */
export function requestOf(form: PipelineForm) {
  const { issuer, claim } = providers[form.provider];
  const [ref, environment] = [form.ref.trim(), form.ciEnvironment.trim()];
  return {
    issuer: (form.issuer.trim() === '' ? issuer : form.issuer.trim()).replace(/\/$/, ''),
    audience: null,
    claims: {
      [claim]: form.repository.trim(),
      ...(ref === '' ? {} : { ref }),
      ...(environment === '' ? {} : { environment }),
    },
    roles: form.roles,
    app: form.app,
    environments: namesIn(form.environments),
    validMs: form.validMinutes * 60_000,
  };
}

function namesIn(text: string): readonly string[] {
  const names = text.split(',').map((part) => part.trim());
  return [...new Set(names.filter((name) => name !== ''))];
}
