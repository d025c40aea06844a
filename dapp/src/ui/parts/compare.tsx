import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { ownerOf } from '@stoa/client';
import { dollars } from '../../lib/amount';
import { embed, similarity } from '../../lib/embed';
import { existingKey } from '../../lib/session_key';
import { useMarket } from '../market';
import { Failure } from './states';
import type { SessionParts } from './try';

/** An embedding model shown by what it is for: how near two texts are in meaning. */
export function Compare({ model, session, url, changed }: SessionParts) {
  const { store, deployment, tokenOf } = useMarket();
  const { decimals } = tokenOf(session.config.token);
  const [first, setFirst] = useState('A man is eating food.');
  const [second, setSecond] = useState('Somebody is having lunch.');
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: async () => {
      const key = await existingKey(store, deployment.chainId, ownerOf(session), session.config.payerAuthorizer);
      if (!key) throw new Error('This device no longer has the session\'s key.');
      const { vectors: [a = [], b = []], cost } = await embed(
        { store, key, channelId: session.channelId },
        { url, model: model.alias ?? model.id, texts: [first, second] });
      const next = await store.channel(session.channelId);
      if (next) changed(next);
      return { nearness: similarity(a, b), dimensions: a.length, cost };
    },
  });
  return (
    <form className="stack compare" onSubmit={(event) => { event.preventDefault(); mutate(); }}>
      <p className="muted">This model turns texts into vectors. Compare two: the nearer in meaning, the higher.</p>
      <label><span className="label">First text</span>
        <textarea data-testid="chat-input" rows={2} value={first} onChange={(event) => setFirst(event.target.value)} /></label>
      <label><span className="label">Second text</span>
        <textarea rows={2} value={second} onChange={(event) => setSecond(event.target.value)} /></label>
      <button type="submit" className="primary" data-testid="chat-send" disabled={isPending || !first.trim() || !second.trim()}>
        {isPending ? 'Comparing…' : 'Compare'}
      </button>
      {error && <Failure error={error} />}
      {data && (
        <div role="status" data-testid="chat-answer" data-done="true" className="stack">
          <p><strong className="price">{(data.nearness * 100).toFixed(0)} %</strong> alike in meaning</p>
          <meter aria-label="Likeness" min={0} max={1} value={Math.max(data.nearness, 0)}>{data.nearness}</meter>
          <p className="muted small">{data.dimensions} dimensions{data.cost !== null && <> · <span data-testid="chat-cost">{dollars(data.cost, decimals)}</span></>}</p>
        </div>
      )}
    </form>
  );
}
