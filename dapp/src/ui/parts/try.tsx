import { useQuery } from '@tanstack/react-query';
import { sessionTerms, type StoredChannel } from '@stoa/client';
import type { ModelTerms } from '../../lib/session';
import type { ModelDetail, ServedModel } from '../../lib/types';
import { useMarket } from '../market';
import { useWallet } from '../wallet';
import { Chat } from './chat';
import { Compare } from './compare';
import { OpenSession } from './open_session';
import { SessionBar } from './session_bar';
import { Failure, Loading } from './states';
import { useSession } from './use_session';

export type Form = 'chat' | 'completion' | 'embedding';

/** How the model is talked to, by what the node says that it can do. */
function formOf(model: ModelDetail, served: ServedModel[] | undefined): Form {
  const stoa = served?.find((one) => one.stoa?.canonicalId === model.canonicalId)?.stoa;
  const named = stoa?.capabilities ?? [];
  const can = (name: string) => Array.isArray(named)
    ? named.some((one) => one.startsWith(name)) : named[name] === true;
  if (can('chat')) return 'chat';
  if (can('complet')) return 'completion';
  if (can('embed')) return 'embedding';
  return /embed|similarity|feature/.test(model.task) ? 'embedding' : 'chat';
}

export function Try({ model }: { model: ModelDetail }) {
  const { api, deployment } = useMarket();
  const { address, settling } = useWallet();
  const url = `${api.origin}/m/${encodeURIComponent(model.alias ?? model.id)}/v1`;
  const served = useQuery({
    queryKey: ['served'], queryFn: api.served, enabled: model.served, staleTime: 60_000,
  });
  const form = formOf(model, served.data);
  const { data: terms, error, refetch } = useQuery({
    queryKey: ['terms', model.id, form],
    queryFn: () => sessionTerms(
      `${url}/${form === 'embedding' ? 'embeddings' : form === 'chat' ? 'chat/completions' : 'completions'}`,
      model.services, deployment.chainId),
    enabled: model.services.some(({ local }) => local) && !served.isPending,
  });
  const { session, foreign, set, error: storeError } = useSession(terms);

  if (!model.served) {
    return (
      <div className="card">
        <p><strong>Nobody serves this model here now.</strong></p>
        <p className="muted">
          A licence is bought all the same, and the model can be run by its holder. When a provider offers
          it, you can try it on this page.
        </p>
      </div>
    );
  }
  const elsewhere = model.services.filter(({ local }) => !local);
  if (!model.services.some(({ local }) => local) && elsewhere.length > 0) {
    return (
      <div className="card stack">
        <p><strong>Another node serves this model.</strong></p>
        <ul>{elsewhere.map(({ id, endpoint }) => <li key={id}><SafeLink href={endpoint} /></li>)}</ul>
      </div>
    );
  }
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!terms || settling || (session === undefined && address && !storeError)) {
    return <div className="card"><Loading what="the session" /></div>;
  }
  if (storeError) {
    return (
      <div className="notice bad">
        <strong>This browser lets the page store nothing, so it cannot keep a session key.</strong>
        <span>Leave private browsing, or allow this site to keep data, and reload.</span>
      </div>
    );
  }
  if (!session) {
    return <OpenSession model={model} terms={terms} form={form} foreign={foreign} opened={set} />;
  }
  const parts = { model, terms, session, url, form, changed: set };
  return (
    <div className="card session">
      <SessionBar {...parts} />
      {form === 'embedding' ? <Compare key={session.channelId} {...parts} />
        : <Chat key={session.channelId} {...parts} />}
    </div>
  );
}

/** An address that a stranger published on chain. */
function SafeLink({ href }: { href: string }) {
  if (!/^https?:\/\//.test(href)) return <code>{href}</code>;
  return <a href={href} rel="noreferrer nofollow" target="_blank">{href}</a>;
}

export type SessionParts = {
  model: ModelDetail;
  terms: ModelTerms;
  session: StoredChannel;
  url: string;
  form: Form;
  changed: (session: StoredChannel | null) => void;
};
