import { Problem } from '@stoa/client';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { ModelDetail } from '../../lib/types';
import { useMarket } from '../market';
import { AbilityList } from '../parts/abilities';
import { Markdown } from '../parts/markdown';
import { Offers } from '../parts/offers';
import { Prices } from '../parts/prices';
import { Failure, Skeleton } from '../parts/states';
import { Copyable, Day, shortAddress, shortName, words } from '../parts/text';
import { Try } from '../parts/try';
import { Versions } from '../parts/versions';
import { WhoIsPaid } from '../parts/who_is_paid';
import { Link } from '../router';

export function Model({ id }: { id: string }) {
  const { api } = useMarket();
  const { data: model, error, refetch } = useQuery({
    queryKey: ['model', id], queryFn: () => api.model(id),
  });
  useEffect(() => { if (model) document.title = `${model.title} · Stoa`; }, [model]);
  if (error && !model) {
    const missing = error instanceof Problem && error.status === 404;
    return (
      <div className="page-head">
        <h1>{missing ? 'There is no such model' : 'This model cannot be shown'}</h1>
        <Failure error={error} retry={missing ? undefined : () => void refetch()} />
        <p><Link to="/" className="button primary">Discover models</Link></p>
      </div>
    );
  }
  if (!model) {
    return (
      <>
        <div className="model-head"><Skeleton count={2} className="line" /></div>
        <div className="model-page"><Skeleton count={2} className="card" /></div>
      </>
    );
  }
  return (
    <article>
      <Head model={model} />
      <div className="model-page">
        <section id="try" aria-labelledby="try-title">
          <h2 id="try-title">Try it</h2>
          <Try model={model} />
          {model.alias && <FromPrograms alias={model.alias} />}
        </section>
        <div className="side">
          <Prices model={model} />
          <Offers model={model} />
        </div>
        <div className="body">
          <section id="about" aria-labelledby="about-title">
            <h2 id="about-title">About this model</h2>
            {model.card.trim() ? <Markdown text={model.card} />
              : <p className="muted">Its creator wrote no card, or this node does not hold it.</p>}
          </section>
          <section id="abilities" aria-labelledby="abilities-title">
            <h2 id="abilities-title">What it can do</h2>
            <AbilityList abilities={model.abilities} />
          </section>
          <section id="paid" aria-labelledby="paid-title">
            <h2 id="paid-title">Who is paid</h2>
            <WhoIsPaid model={model} />
          </section>
          <section id="versions" aria-labelledby="versions-title">
            <h2 id="versions-title">Versions</h2>
            <Versions versions={model.versions} />
          </section>
        </div>
      </div>
    </article>
  );
}

/** The same model for any OpenAI client: the proxy pays as this page does. */
function FromPrograms({ alias }: { alias: string }) {
  return (
    <details>
      <summary>Use it in your own program</summary>
      <p className="muted">
        <code>stoa proxy</code> pays for any OpenAI client from a budget that you set. Your program needs two
        lines that it prints, and the name of the model.
      </p>
      <pre className="legal" tabIndex={0}>{`$ stoa proxy --budget 1.00
OPENAI_BASE_URL=http://127.0.0.1:…/v1
OPENAI_API_KEY=…

client.chat.completions.create({ model: "${alias}", messages })`}</pre>
      <p className="muted small">x402 clients call {location.origin}/m/{alias}/v1 themselves. The whole API: <a href="/docs">/docs</a></p>
    </details>
  );
}

function Head({ model }: { model: ModelDetail }) {
  const { deployment } = useMarket();
  const current = model.versions.find(({ number }) => number === model.version);
  return (
    <header className="model-head">
      <p className="crumbs"><Link to="/">Discover</Link> / <span>{words(model.task)}</span></p>
      <h1>{model.title}</h1>
      <p className="lead">{model.summary}</p>
      <div className="tags">
        {model.served && <span className="ready"><span className="dot" aria-hidden="true" />Ready to try</span>}
        <span className="tag">{model.licence}</span>
        {model.tags.map((tag) => <Link key={tag} to={`/?tag=${encodeURIComponent(tag)}`} className="tag">{tag}</Link>)}
      </div>
      <dl className="facts row">
        <div><dt>Name</dt><dd><Copyable value={model.name}><code>{shortName(model.name)}</code></Copyable></dd></div>
        <div>
          <dt>Creator</dt>
          <dd><Link to={`/?creator=${model.creator}`}>{shortAddress(model.creator)}</Link></dd>
        </div>
        {model.owner !== model.creator && <div><dt>Owner now</dt><dd><Copyable value={model.owner} /></dd></div>}
        <div><dt>Version</dt><dd>{model.version}, <Day at={model.updatedAt} /></dd></div>
        <div><dt>On chain</dt><dd><Copyable value={model.canonicalId}>#{model.id} on {deployment.name}</Copyable></dd></div>
      </dl>
      {current && current.status !== 'active' && (
        <p className="notice warn">
          <strong>The creator marked this version as {current.status}.</strong>
          {current.reason && <span>{current.reason}</span>}
        </p>
      )}
      {model.equalWeights.length > 0 && (
        <p className="notice warn">
          <strong>The same weights are listed elsewhere too.</strong>
          <span>
            Compare who is paid before you buy:{' '}
            {model.equalWeights.map((other) => <Link key={other} to={`/models/${other}`}>model #{other} </Link>)}
          </span>
        </p>
      )}
    </header>
  );
}
