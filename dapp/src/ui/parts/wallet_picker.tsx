import { useEffect, useRef, useState } from 'react';
import { useConnect, useConnectors, type Connector } from 'wagmi';
import { walletError } from '../../lib/wallet';
import { Dialog } from './dialog';
import { OutIcon, WalletIcon } from './icons';

const METAMASK = 'io.metamask';

/** MetaMask first; the nameless window.ethereum only where no wallet announced itself. */
function shown(connectors: readonly Connector[]): Connector[] {
  const announced = connectors.filter(({ id }) => id !== 'injected');
  if (announced.length > 0) {
    return [...announced].sort((a, b) =>
      Number(b.id.startsWith(METAMASK)) - Number(a.id.startsWith(METAMASK)));
  }
  return 'ethereum' in window ? connectors.filter(({ id }) => id === 'injected') : [];
}

/** Browsers keep keys and wallets away from pages that anyone on the way could have changed. */
function Insecure({ close }: { close: () => void }) {
  return (
    <Dialog title="This address is not secure" close={close}>
      <p>
        The page came over plain http from {location.host}. Anyone between here and the node could
        change it, so browsers give it no wallet and no place for keys. You can still look around.
      </p>
      <p>Open it as <strong>https://</strong>, or on the node's own machine as <strong>http://localhost</strong>.</p>
    </Dialog>
  );
}

export function WalletPicker({ close }: { close: () => void }) {
  return isSecureContext ? <Picker close={close} /> : <Insecure close={close} />;
}

function Picker({ close }: { close: () => void }) {
  const connectors = shown(useConnectors());
  const { mutate: connect, variables, isPending, error } = useConnect({
    mutation: { onSuccess: close },
  });
  const waiting = isPending && typeof variables?.connector === 'object'
    ? variables.connector.name : null;
  return (
    <Dialog title="Connect a wallet" close={close}>
      <p className="muted">
        The page sees your address and can ask you things. It cannot move anything without your
        signature.
      </p>
      <ul className="wallets">
        {connectors.map((connector) => (
          <li key={connector.uid}>
            <button type="button" className="wallet-option" data-testid="wallet-option"
              disabled={isPending} onClick={() => connect({ connector })}>
              <WalletImage connector={connector} />
              <span>{connector.id === 'injected' ? 'Browser wallet' : connector.name}</span>
            </button>
          </li>
        ))}
      </ul>
      {connectors.length === 0 && <NoWallet />}
      <div aria-live="polite">
        {waiting && <p className="notice"><span><span className="spinner" />Open {waiting} and agree there.</span></p>}
        {error && !isPending && <WalletTrouble error={error} />}
      </div>
    </Dialog>
  );
}

function WalletTrouble({ error }: { error: unknown }) {
  const { trouble, message, fix } = walletError(error);
  return (
    <div className={trouble === 'refused' ? 'notice' : 'notice bad'}>
      <strong>{trouble === 'refused' ? 'Not connected: you declined in your wallet.' : message}</strong>
      {fix && <span>{fix}</span>}
    </div>
  );
}

/** The wallet's own picture comes as data; whatever else it names isn't loaded. */
function WalletImage({ connector }: { connector: Connector }) {
  const [broken, setBroken] = useState(false);
  const { icon } = connector;
  if (!icon?.startsWith('data:image/') || broken) return <WalletIcon />;
  return <img src={icon.trim()} alt="" width="28" height="28" onError={() => setBroken(true)} />;
}

function NoWallet() {
  const install = useRef<HTMLAnchorElement>(null);
  useEffect(() => install.current?.focus(), []);
  const phone = /android|iphone|ipad/i.test(navigator.userAgent);
  const here = `${location.host}${location.pathname}${location.search}`;
  return (
    <div className="notice">
      <strong>{phone ? 'Open this page in your wallet\'s own browser.' : 'No wallet was found in this browser.'}</strong>
      <span>
        {phone ? 'Phones keep the wallet in an app of its own.'
          : 'Stoa works with MetaMask and every wallet of its kind. After installing one, reload this page.'}
      </span>
      <a ref={install} className="button" target="_blank" rel="noreferrer"
        href={phone ? `https://metamask.app.link/dapp/${here}` : 'https://metamask.io/download'}>
        {phone ? 'Open in MetaMask' : 'Get MetaMask'} <OutIcon />
      </a>
    </div>
  );
}
