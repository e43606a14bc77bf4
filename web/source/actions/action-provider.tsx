import { createContext, lazy, Suspense, useCallback, useContext, useState, type ReactNode } from 'react';
import type { Action } from './action.ts';
import { later } from '../parts/later.ts';

const ActionDialog = lazy(async () => ({ default: (await later.actionDialog()).ActionDialog }));

const ActionContext = createContext<(action: Action) => void>(() => undefined);

/** One dialog for the whole page: an action is asked for anywhere, and confirmed here. */
export function ActionProvider({ children }: { readonly children: ReactNode }) {
  const [action, setAction] = useState<Action | null>(null);
  const close = useCallback(() => setAction(null), []);
  return (
    <ActionContext value={setAction}>
      {children}
      {action === null ? null : (
        <Suspense fallback={null}>
          <ActionDialog action={action} onClose={close} />
        </Suspense>
      )}
    </ActionContext>
  );
}

/** Opens the dialog about an action; nothing happens before a person confirms it there. */
export function useAction(): (action: Action) => void {
  return useContext(ActionContext);
}
