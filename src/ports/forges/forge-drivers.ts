import type { Forges } from './forges.ts';
import { reportToGitea } from './gitea/gitea.ts';
import { reportToGithub } from './github/github.ts';
import { reportToGitlab } from './gitlab/gitlab.ts';

/** All drivers of forges; the kind of a repository says which one is asked. */
export const forges: Forges = {
  async report(repository, report, signal) {
    switch (repository.kind) {
      case 'github':
        return await reportToGithub(repository, report, signal);
      case 'gitlab':
        return await reportToGitlab(repository, report, signal);
      case 'gitea':
        return await reportToGitea(repository, report, signal);
    }
  },
};
