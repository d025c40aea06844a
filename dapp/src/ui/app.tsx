import { Component, lazy, Suspense, useEffect, type ReactNode } from 'react';
import { useLive } from './live';
import { useMarket } from './market';
import { Discover } from './pages/discover';
import { Account } from './parts/account';
import { LicenceIcon, Logo, MoneyIcon, SearchIcon, SunIcon } from './parts/icons';
import { Failure, Loading } from './parts/states';
import { Toasts } from './parts/toasts';
import { Link, useLocation } from './router';

const loadModel = () => import('./pages/model');
const Model = lazy(async () => ({ default: (await loadModel()).Model }));
const Licences = lazy(async () => ({ default: (await import('./pages/licences')).Licences }));
const Money = lazy(async () => ({ default: (await import('./pages/money')).MoneyPage }));

const IDLE_MS = 800;

const NAV = [
  { to: '/', label: 'Discover', short: 'Discover', Icon: SearchIcon },
  { to: '/licences', label: 'My licences', short: 'Licences', Icon: LicenceIcon },
  { to: '/money', label: 'Sessions and money', short: 'Money', Icon: MoneyIcon },
];

export function App() {
  useLive();
  // The page that most visitors open next.
  useEffect(() => {
    const timer = setTimeout(() => void loadModel().catch(() => undefined), IDLE_MS);
    return () => clearTimeout(timer);
  }, []);
  const { pathname } = useLocation();
  const { deployment, token } = useMarket();
  return (
    <>
      <a className="skip" href="#main">Skip to the content</a>
      <header className="top">
        <div className="wide">
          <Link to="/" className="brand"><Logo /><span>Stoa</span></Link>
          <nav aria-label="Main">
            {NAV.map(({ to, label, short, Icon }) => (
              <Link key={to} to={to} aria-current={isAt(pathname, to) ? 'page' : undefined}>
                <Icon /><span className="long">{label}</span><span className="short">{short}</span>
              </Link>
            ))}
          </nav>
          <div className="tools">
            <button type="button" className="bare" aria-label="Light or dark colours"
              onClick={switchTheme}><SunIcon /></button>
            <Account />
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1} className="wide">
        <Guard key={pathname}>
          <Suspense fallback={<Loading what="the page" />}><Page pathname={pathname} /></Suspense>
        </Guard>
      </main>
      <Toasts />
      <footer>
        <div className="wide">
          <p>
            A market that nobody owns: models, prices and shares stand in contracts on {deployment.name} (chain {deployment.chainId}).
            {deployment.faucet && ` This is a development market: ${token.name} is play money.`}
          </p>
          <p className="links"><a href="/docs">API</a><a href="/.well-known/stoa">This node's keys</a></p>
        </div>
      </footer>
    </>
  );
}

const isAt = (pathname: string, to: string): boolean =>
  to === '/' ? pathname === '/' || pathname.startsWith('/models') : pathname.startsWith(to);

function Page({ pathname }: { pathname: string }) {
  if (pathname === '/') return <Discover />;
  if (pathname.startsWith('/models/')) {
    return <Model id={decodeURIComponent(pathname.slice('/models/'.length))} />;
  }
  if (pathname === '/licences') return <Licences />;
  if (pathname === '/money') return <Money />;
  return (
    <header className="page-head">
      <h1>There is no such page</h1>
      <p><Link to="/" className="button primary">Discover models</Link></p>
    </header>
  );
}

function switchTheme(): void {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  try {
    localStorage.setItem('stoa.theme', root.dataset.theme);
  } catch {
    // Storage is off: it holds for this visit.
  }
}

/** A page that breaks says so, and the others go on. */
class Guard extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return <Failure error={this.state.error} retry={() => this.setState({ error: null })} />;
  }
}
