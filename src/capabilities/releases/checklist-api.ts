import { z } from 'zod';

/** Shapes of the route about the checklists of a release. A line is signed with `POST …/approvals`. Times are unix milliseconds. */

export const checklistQuery = z.object({
  release: z.string().max(200).optional().meta({ description: 'Left out: the one that waits here' }),
});

const signature = z.object({
  by: z.string(),
  at: z.number(),
  note: z.string().nullable(),
});

export const checklist = z
  .object({
    release: z.string(),
    lists: z.array(
      z.object({
        gate: z.string(),
        file: z.string(),
        lines: z.array(
          z.object({
            id: z.string().meta({ description: 'Of these very words: a line that is changed is signed anew' }),
            text: z.string(),
            signed: signature.nullable(),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'Checklists', description: 'What people sign before a release goes to an environment' });

export type ChecklistsView = z.infer<typeof checklist>;

export const checklistRoutes = {
  getChecklists: 'GET /apps/:app/environments/:environment/checklists',
} as const;
