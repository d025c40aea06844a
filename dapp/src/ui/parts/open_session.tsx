import { heldWith, type PurseState, type StoredChannel } from '@stoa/client';
import { dollars } from '../../lib/amount';
import { openFromPurse, purseAddress, pursePays } from '../../lib/purse';
import type { ModelTerms } from '../../lib/session';
import type { ModelDetail, MoneyChannel } from '../../lib/types';
import { useMarket } from '../market';
import { Link } from '../router';
import { useDeviceChannels, usePurse } from '../use_purse';
import { useWallet } from '../wallet';
import { OpenPlain } from './open_plain';
import { FromPurse } from './purse/from_purse';
import { NOBODY } from './purse/fund_form';
import { Failure, Loading } from './states';
import type { Form } from './try';

export type OpenProps = {
  model: ModelDetail;
  terms: ModelTerms;
  form: Form;
  foreign: MoneyChannel | null;
  opened: (session: StoredChannel) => void;
};

export function OpenSession(props: OpenProps) {
  const { deployment, tokenOf } = useMarket();
  const { address } = useWallet();
  const { terms, foreign } = props;
  const token = tokenOf(terms.service.token);
  const where = pursePays(terms) ? purseAddress(deployment, token, address ?? NOBODY) : null;
  const { data, error, refetch } = usePurse(token, where !== null);
  const purse = address ? data : where && nobodys(where, token.address);
  return (
    <div className="card open-session">
      {foreign && (
        <p className="notice">
          <strong>
            You have {dollars(foreign.refundable, token.decimals)} {foreign.purse ? 'of your purse in a session of another device.'
              : 'in a session whose key is not on this device.'}
          </strong>
          <span>Your wallet can <Link to="/money">take it back</Link> any time.</span>
        </p>
      )}
      {!where ? <OpenPlain {...props} />
        : purse ? <PurseSession {...props} purse={purse} />
          : error ? <Failure error={error} retry={() => void refetch()} /> : <Loading what="your purse" />}
    </div>
  );
}

/** What a visitor without a wallet has. */
const nobodys = (purse: PurseState['purse'], token: PurseState['token']): PurseState =>
  ({ purse, token, owner: NOBODY, exists: false, nonce: 0, leaving: false, balance: '0', key: null });

function PurseSession({ model, terms, form, opened, purse }: OpenProps & { purse: PurseState }) {
  const { api, store, deployment, tokenOf } = useMarket();
  const { data: channels = [] } = useDeviceChannels();
  const token = tokenOf(terms.service.token);
  const ours = channels.find(({ payer, config, service }) => payer === purse.purse
    && config.payerAuthorizer.toLowerCase() === purse.key?.key.toLowerCase() && service === terms.service.id);
  return (
    <FromPurse purse={purse} token={token} held={ours ? heldWith(channels, ours) : 0n}
      least={terms.minDeposit > terms.typicalCall ? terms.minDeposit : terms.typicalCall}
      typical={model.price ? BigInt(model.price.typicalCall) : terms.typicalCall}
      lead={(
        <p>
          Fill your purse once, then {form === 'chat' ? 'chat with' : 'use'} this model and any other of
          this market without another question from your wallet. <strong>Whatever you do not use comes back.</strong>
        </p>
      )}
      spend={async (owner, amount, onStep) => {
        opened(await openFromPurse({
          api, store, deployment, token, owner, amount, model: model.id, terms, onStep,
        }));
      }} />
  );
}
