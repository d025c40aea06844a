import type { ModelDetail } from '../../lib/types';
import { Royalties } from './royalties';

/** The split of a sale and of a call, as the contracts carry it out. */
export function WhoIsPaid({ model }: { model: ModelDetail }) {
  const newest = model.versions.find(({ number }) => number === model.version);
  const least = newest?.derivativeBps;
  return (
    <>
      <p>
        Nobody stands between: the contracts divide each payment, and anyone can pay out what waits. The
        shares cannot be changed for what is already paid.
      </p>
      <Royalties model={model} />
      <p className="small muted">
        Royalty on calls: {model.callRoyaltyBps / 100} % goes to the model’s split, the rest to whoever
        serves it.{' '}
        {least === null && 'Other models may not be built on this version.'}
        {typeof least === 'number' && `Other models may be built on this version, for at least ${least / 100} % of what they earn.`}
      </p>
    </>
  );
}
