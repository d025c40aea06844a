import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Address } from 'viem';
import { dollars } from '../../lib/amount';
import { useMarket } from '../market';
import { Failure } from './states';

/** On a development chain a new wallet is given play money. */
export function Faucet({ address }: { address: Address }) {
  const { api, deployment, token } = useMarket();
  const queries = useQueryClient();
  const { mutate, isPending, data, error } = useMutation({
    mutationFn: () => api.faucet(address),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['money'] }),
  });
  if (!deployment.faucet) return null;
  return (
    <div className="faucet" aria-live="polite">
      {data ? <p className="notice good"><strong>{dollars(data.amount, token.decimals)} of {token.name} arrived.</strong></p> : (
        <>
          <p>This is a development market: {token.name} is play money, and you can have some.</p>
          <button type="button" className="primary" data-testid="faucet" disabled={isPending}
            onClick={() => mutate()}>
            {isPending ? 'Sending…' : `Get free ${token.name}`}
          </button>
          {error && <Failure error={error} />}
        </>
      )}
    </div>
  );
}
