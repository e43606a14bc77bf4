import { useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'wouter';

/** What follows a sign-in: the page that somebody wanted, or the overview, with nothing of who was here before. */
export function useSignedIn(): () => Promise<void> {
  const queries = useQueryClient();
  const [path, navigate] = useLocation();
  return async () => {
    await queries.resetQueries();
    if (path === '/sign-in') navigate('/', { replace: true });
  };
}
