import type { Command } from 'commander';
import type { Context } from './context.ts';

/** Gives a command its arguments, options, help and action. */
export type DescribeCommand = (command: Command, context: Context) => void;

export interface CommandEntry {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  /** Loaded only when this command is typed, so that `lotse --help` is there at once. */
  readonly load: () => Promise<DescribeCommand>;
}

const begin = 'Begin:';
const release = 'Release and take back:';
const gates = 'Gates:';
const look = 'Look:';
const care = 'Care:';

/** Every command, in the order of `lotse --help`. */
export const commandList: readonly CommandEntry[] = [
  {
    name: 'init',
    group: begin,
    summary: 'write a lotse.yaml for the app in a folder',
    load: async () => (await import('./commands/init.ts')).initCommand,
  },
  {
    name: 'up',
    group: begin,
    summary: 'start Lotse here, deploy the app everywhere, stay until Ctrl-C',
    load: async () => (await import('./commands/up.ts')).upCommand,
  },
  {
    name: 'serve',
    group: begin,
    summary: 'run the control plane in the foreground',
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  {
    name: 'install',
    group: begin,
    summary: 'make Lotse a service of this server, which starts with it',
    load: async () => (await import('./commands/install.ts')).installCommand,
  },
  {
    name: 'doctor',
    group: begin,
    summary: 'check what Lotse needs on this machine',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    name: 'login',
    group: begin,
    summary: 'log in to a control plane elsewhere, by https or ssh',
    load: async () => (await import('./commands/login.ts')).loginCommand,
  },
  {
    name: 'context',
    group: begin,
    summary: 'list, choose or forget the control planes that you have logged in to',
    load: async () => (await import('./commands/context.ts')).contextCommand,
  },
  {
    name: 'adopt',
    group: begin,
    summary: 'route to what serves today, before the first deploy',
    load: async () => (await import('./commands/adopt.ts')).adoptCommand,
  },
  {
    name: 'deploy',
    group: release,
    summary: 'build this commit and bring it to an environment, through those before it',
    load: async () => (await import('./commands/deploy.ts')).deployCommand,
  },
  {
    name: 'plan',
    group: release,
    summary: 'show what a rollout would do, without touching anything',
    load: async () => (await import('./commands/plan.ts')).planCommand,
  },
  {
    name: 'promote',
    group: release,
    summary: 'bring on what the environment before has verified',
    load: async () => (await import('./commands/promote.ts')).promoteCommand,
  },
  {
    name: 'rollback',
    group: release,
    summary: 'go back to the release before',
    load: async () => (await import('./commands/rollback.ts')).rollbackCommand,
  },
  {
    name: 'cancel',
    group: release,
    summary: 'take back the rollout under way, or end a job',
    load: async () => (await import('./commands/cancel.ts')).cancelCommand,
  },
  {
    name: 'pause',
    group: release,
    summary: 'hold the rollout under way where it stands',
    load: async () => (await import('./commands/steer.ts')).pauseCommand,
  },
  {
    name: 'resume',
    group: release,
    summary: 'let a paused rollout go on',
    load: async () => (await import('./commands/steer.ts')).resumeCommand,
  },
  {
    name: 'advance',
    group: release,
    summary: 'go on to the next step without waiting for the rest of this one',
    load: async () => (await import('./commands/steer.ts')).advanceCommand,
  },
  {
    name: 'down',
    group: release,
    summary: 'stop everything of an environment',
    load: async () => (await import('./commands/down.ts')).downCommand,
  },
  {
    name: 'config',
    group: release,
    summary: 'set config values of an environment, list, compare and export them',
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  {
    name: 'source',
    group: release,
    summary: 'deploy what is pushed to a branch of a repository',
    load: async () => (await import('./commands/source.ts')).sourceCommand,
  },
  {
    name: 'secret',
    group: release,
    summary: 'give secrets their values, list or remove them',
    load: async () => (await import('./commands/secret.ts')).secretCommand,
  },
  {
    name: 'flag',
    group: release,
    summary: 'turn flags on and off, roll them out, list those that nobody uses',
    load: async () => (await import('./commands/flag.ts')).flagCommand,
  },
  {
    name: 'pipeline',
    group: gates,
    summary: 'run, follow and end what is done with a release before it is deployed',
    load: async () => (await import('./commands/pipeline.ts')).pipelineCommand,
  },
  {
    name: 'approve',
    group: gates,
    summary: 'approve a release, or sign lines of its checklist',
    load: async () => (await import('./commands/approve.ts')).approveCommand,
  },
  {
    name: 'evidence',
    group: gates,
    summary: 'record what reports of tests and scans say, list all evidence',
    load: async () => (await import('./commands/evidence.ts')).evidenceCommand,
  },
  {
    name: 'override',
    group: gates,
    summary: 'pass one gate for one rollout, with a reason and your name',
    load: async () => (await import('./commands/override.ts')).overrideCommand,
  },
  {
    name: 'verify',
    group: gates,
    summary: 'run the verification of the app against an environment now',
    load: async () => (await import('./commands/verify.ts')).verifyCommand,
  },
  {
    name: 'status',
    group: look,
    summary: 'say what serves where, and what moves',
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  {
    name: 'preview',
    group: look,
    summary: 'say where a release can be seen before users see it',
    load: async () => (await import('./commands/preview.ts')).previewCommand,
  },
  {
    name: 'logs',
    group: look,
    summary: 'show what the services write',
    load: async () => (await import('./commands/logs.ts')).logsCommand,
  },
  {
    name: 'jobs',
    group: look,
    summary: 'list jobs: when each runs next, and how its last runs ended',
    load: async () => (await import('./commands/jobs.ts')).jobsCommand,
  },
  {
    name: 'releases',
    group: look,
    summary: 'list the releases and where they have been',
    load: async () => (await import('./commands/releases.ts')).releasesCommand,
  },
  {
    name: 'journal',
    group: look,
    summary: 'list what happened and who did it; check that nothing was changed',
    load: async () => (await import('./commands/journal.ts')).journalCommand,
  },
  {
    name: 'proxy',
    group: care,
    summary: 'look at the proxy and steer it, also while the control plane is down',
    load: async () => (await import('./commands/proxy.ts')).proxyCommand,
  },
  {
    name: 'run',
    group: care,
    summary: 'run a job, or any command, beside what serves now',
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  {
    name: 'exec',
    group: care,
    summary: 'run a command inside a running instance, a shell say',
    load: async () => (await import('./commands/exec.ts')).execCommand,
  },
  {
    name: 'export',
    group: care,
    summary: 'write what one needs to leave for Docker Compose',
    load: async () => (await import('./commands/export.ts')).exportCommand,
  },
  {
    name: 'certificates',
    group: care,
    summary: 'list certificates, renew one, or trust the development CA',
    load: async () => (await import('./commands/certificates.ts')).certificatesCommand,
  },
  {
    name: 'notify',
    group: care,
    summary: 'list who is told and what did not get there; send a test',
    load: async () => (await import('./commands/notify.ts')).notifyCommand,
  },
  {
    name: 'people',
    group: care,
    summary: 'add, list and forget the people who use Lotse',
    load: async () => (await import('./commands/people.ts')).peopleCommand,
  },
  {
    name: 'token',
    group: care,
    summary: 'create, list and revoke tokens for people and machines',
    load: async () => (await import('./commands/token.ts')).tokenCommand,
  },
  {
    name: 'oidc',
    group: care,
    summary: 'let pipelines of GitHub and GitLab in without a stored secret',
    load: async () => (await import('./commands/oidc.ts')).oidcCommand,
  },
  {
    name: 'sign-in',
    group: care,
    summary: 'make a one-time link to the dashboard',
    load: async () => (await import('./commands/sign-in.ts')).signInCommand,
  },
  {
    name: 'backup',
    group: care,
    summary: 'copy the state of Lotse into one sealed file, or bring it back',
    load: async () => (await import('./commands/backup.ts')).backupCommand,
  },
  {
    name: 'upgrade',
    group: care,
    summary: 'let another version of Lotse take over, and go back by itself when it is not well',
    load: async () => (await import('./commands/upgrade.ts')).upgradeCommand,
  },
  {
    name: 'uninstall',
    group: care,
    summary: 'take the services of `lotse install` away; the state only with --data',
    load: async () => (await import('./commands/uninstall.ts')).uninstallCommand,
  },
  {
    name: 'completion',
    group: care,
    summary: 'print a completion script for bash, zsh or fish',
    load: async () => (await import('./commands/completion.ts')).completionCommand,
  },
];
