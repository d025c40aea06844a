import { useQuery } from '@tanstack/react-query';
import { useMarket } from './market';
import { useWallet } from './wallet';

/** Every unit of the connected address. */
export function useMoney() {
  const { api } = useMarket();
  const { address } = useWallet();
  return useQuery({
    queryKey: ['money', address], queryFn: () => api.money(address!), enabled: address !== null,
    staleTime: 5000,
  });
}

/** What the wallet holds of a token; null while it isn't known. */
export function useBalance(token: string): bigint | null {
  const { data } = useMoney();
  if (!data) return null;
  const row = data.tokens.find((one) => one.token.toLowerCase() === token.toLowerCase());
  return BigInt(row?.wallet ?? '0');
}
