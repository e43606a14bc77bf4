/**
 * One-line changes that make a bad release, for demonstrations and for tests of whoever deploys this app. `find` stands
 * exactly once in `file`. The README shows them as commands.
 */
export type Patch = { readonly file: string; readonly find: string; readonly replace: string };

export const badReleases = {
  /** The dashboard ends at its start: "DOCUMENTS_DIR is not set". */
  wontStart: {
    file: 'dashboard/server.ts',
    find: "readEnvironment(process.env, 'dashboard')",
    replace: "readEnvironment({}, 'dashboard')",
  },
  /** It starts, and `/up` answers 503 for ever. */
  unhealthy: {
    file: 'dashboard/routes/up.ts',
    find: 'const healthy = !stopping.aborted;',
    replace: 'const healthy = stopping.aborted;',
  },
  /** Everything is up, but the large size is missing: only the story notices. */
  verificationFails: {
    file: 'workers/sizes-step.ts',
    find: 'const widths = [320, 800, 1600];',
    replace: 'const widths = [320, 800];',
  },
  /** The story passes; a minute after its start the dashboard crashes, and again after each restart. */
  crashesLater: {
    file: 'dashboard/server.ts',
    find: 'server.keepAliveTimeout = 75_000;',
    replace: "server.keepAliveTimeout = 75_000; setTimeout(() => { throw new Error('crashed'); }, 60_000);",
  },
} satisfies { readonly [name: string]: Patch };

/** A good release that looks different: the line at the foot of each page. */
export const goodRelease: Patch = {
  file: 'dashboard/release-notes.ts',
  find: 'Upload pictures and watch them being made ready.',
  replace: 'Now with a new line at the foot of each page.',
};
