import { useWallet } from '../wallet';
import { Empty, Loading } from './states';

export function NeedsWallet({ what }: { what: string }) {
  const { choose, settling } = useWallet();
  if (settling) return <Loading what={what} />;
  return (
    <Empty title={`Connect your wallet to see ${what}`}>
      <p>Nothing is signed: the page only learns your address.</p>
      <p><button type="button" className="primary" onClick={choose}>Connect a wallet</button></p>
    </Empty>
  );
}
