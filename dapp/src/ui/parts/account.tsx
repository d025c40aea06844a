import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Address } from 'viem';
import { dollars } from '../../lib/amount';
import { signIn } from '../../lib/sign_in';
import { ask } from '../../lib/wallet';
import { TxState, useFlow } from '../flow';
import { useMarket } from '../market';
import { useMoney } from '../use_money';
import { useWallet } from '../wallet';
import { Dialog } from './dialog';
import { Faucet } from './faucet';
import { WalletIcon } from './icons';
import { Copyable, moment, shortAddress } from './text';

export function Account() {
  const { address, settling, choose } = useWallet();
  const [open, setOpen] = useState(false);
  const { data: money } = useMoney();
  const { token } = useMarket();
  if (!isSecureContext) {
    return <button type="button" className="quiet" onClick={choose}>Why no wallet?</button>;
  }
  if (!address && settling) return <button type="button" className="account" disabled>Connecting…</button>;
  if (!address) {
    return <button type="button" className="primary" data-testid="connect" onClick={choose}>
      <WalletIcon />Connect</button>;
  }
  const held = money?.tokens.find((one) => one.token.toLowerCase() === token.address.toLowerCase());
  return (
    <>
      <button type="button" className="account" data-testid="account" onClick={() => setOpen(true)}>
        <span className="seal" aria-hidden="true" />
        <span>{shortAddress(address)}</span>
        {held && <span className="muted">{dollars(held.wallet, held.decimals).replace(/(\.\d\d)\d+$/, '$1')}</span>}
      </button>
      {open && <AccountDialog address={address} close={() => setOpen(false)} />}
    </>
  );
}

function AccountDialog({ address, close }: { address: Address; close: () => void }) {
  const { token, deployment } = useMarket();
  const { disconnect, name } = useWallet();
  const { data: money } = useMoney();
  const held = money?.tokens.find((one) => one.token.toLowerCase() === token.address.toLowerCase());
  return (
    <Dialog title="Your account" close={close}>
      <dl className="facts">
        <div><dt>Address</dt><dd><Copyable value={address} /></dd></div>
        <div><dt>Wallet</dt><dd>{name}</dd></div>
        <div><dt>Network</dt><dd>{deployment.name} ({deployment.chainId})</dd></div>
        <div><dt>{token.name}</dt><dd>{held ? dollars(held.wallet, held.decimals) : '…'}</dd></div>
      </dl>
      <Faucet address={address} />
      <WatchToken />
      <SignIn address={address} />
      <button type="button" className="quiet" onClick={() => { disconnect(); close(); }}>
        Disconnect
      </button>
    </Dialog>
  );
}

/** Wallets show a balance only of tokens they were told about. */
function WatchToken() {
  const { token } = useMarket();
  const flow = useFlow();
  const watch = () => flow.run(async ({ provider }, onStep) => {
    onStep({ at: 'preparing' });
    const { address, symbol, decimals } = token;
    await ask(provider, 'wallet_watchAsset', { type: 'ERC20', options: { address, symbol, decimals } });
    onStep({ at: 'idle' });
  });
  return (
    <div className="stack">
      <button type="button" className="quiet" disabled={flow.running} onClick={() => void watch()}>
        Show {token.name} in your wallet
      </button>
      <TxState flow={flow} />
    </div>
  );
}

/** Chatting and buying need none; it proves who asks where something is personal. */
function SignIn({ address }: { address: Address }) {
  const { api, deployment } = useMarket();
  const queries = useQueryClient();
  const flow = useFlow();
  const { data: session } = useQuery({ queryKey: ['session'], queryFn: api.signedIn, retry: false });
  const { mutate: signOut } = useMutation({
    mutationFn: api.signOut, onSuccess: () => queries.setQueryData(['session'], null),
  });
  const mine = session?.address.toLowerCase() === address.toLowerCase();

  // Another account must not act under the name of the first.
  useEffect(() => { if (session && !mine) signOut(); }, [session, mine, signOut]);

  const start = () => flow.run(async ({ provider }, onStep) => {
    const next = await signIn({
      api, provider, address, chainId: deployment.chainId, origin: location.origin, onStep,
    });
    queries.setQueryData(['session'], next);
  });
  return (
    <div className="stack">
      {session && mine ? (
        <p>Signed in to this node until {moment(session.expiresAt)}.{' '}
          <button type="button" className="quiet" onClick={() => signOut()}>Sign out</button></p>
      ) : (
        <>
          <button type="button" className="quiet" data-testid="sign-in" disabled={flow.running}
            onClick={() => void start()}>Sign in to this node</button>
          <p className="small muted">One free signature that says the address is yours. Trying and buying need none.</p>
        </>
      )}
      <TxState flow={flow} />
    </div>
  );
}
