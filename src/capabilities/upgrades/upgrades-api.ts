import { z } from 'zod';

/** Shapes of the routes about Lotse's own versions. Times are Unix milliseconds. */

export const upgradeState = z
  .object({
    version: z.string().meta({ description: 'Of the control plane that answers' }),
    before: z
      .string()
      .nullable()
      .meta({ description: 'The version that wrote this state before, and can go on with it; null: there is none' }),
    unsettled: z
      .array(z.object({ name: z.string(), since: z.number() }))
      .meta({ description: 'What was added to the state since, and waits for `lotse upgrade --settle`' }),
  })
  .meta({ id: 'UpgradeState' });

export const upgradeResult = z
  .object({
    from: z.string().min(1).max(80),
    to: z.string().min(1).max(80),
    outcome: z.enum(['upgraded', 'returned']),
    cause: z
      .string()
      .max(2_000)
      .nullable()
      .meta({ description: 'Why it returned; null: it did not, or a person said so' }),
  })
  .meta({ id: 'UpgradeResult' });

export const settled = z
  .object({
    settled: z.array(z.string()).meta({ description: 'What no earlier version knows; empty: it was settled' }),
  })
  .meta({ id: 'SettledUpgrade' });

export const upgradeRoutes = {
  getUpgrade: 'GET /upgrade',
  recordUpgrade: 'POST /upgrade/results',
  settleUpgrade: 'POST /upgrade/settle',
} as const;

export type UpgradeStateView = z.infer<typeof upgradeState>;
export type UpgradeResultView = z.infer<typeof upgradeResult>;
