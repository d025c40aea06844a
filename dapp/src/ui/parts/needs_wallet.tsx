import { useWallet } from '../wallet';
import { Empty } from './states';

export function NeedsWallet({ what }: { what: string }) {
  const { choose } = useWallet();
  return (
    <Empty title={`Connect your wallet to see ${what}`}>
      <p>Nothing is signed: the page only learns your address.</p>
      <p><button type="button" className="primary" onClick={choose}>Connect a wallet</button></p>
    </Empty>
  );
}
