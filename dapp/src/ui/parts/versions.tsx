import type { Version } from '../../lib/types';
import { Copyable, Day, fileSize } from './text';

const KIND = { release: 'Release', update: 'Update', fix: 'Fix' } as const;

/** Versions never change: each is bound to the digests of what it holds. */
export function Versions({ versions }: { versions: Version[] }) {
  const newest = [...versions].sort((a, b) => b.number - a.number);
  return (
    <ol className="versions">
      {newest.map((version) => (
        <li key={version.number}>
          <details open={newest.length === 1}>
            <summary>
              <strong>Version {version.number}</strong>
              <span className={`tag ${version.status === 'active' ? '' : 'warn'}`}>
                {version.status === 'active' ? KIND[version.kind] : version.status}
              </span>
              <span className="muted"><Day at={version.time} /></span>
            </summary>
            {version.reason && <p className="notice warn"><strong>{version.reason}</strong></p>}
            <dl className="facts">
              <div><dt>Weights (digest)</dt><dd><Copyable value={version.weightsDigest} /></dd></div>
              <div><dt>Manifest (keccak)</dt><dd><Copyable value={version.manifestDigest} /></dd></div>
              <div><dt>CID</dt><dd><Copyable value={version.cid} /></dd></div>
              <div><dt>Published in</dt><dd><Copyable value={version.transaction} /></dd></div>
            </dl>
            {version.files ? (
              <div className="scroll">
                <table>
                  <thead><tr><th scope="col">File</th><th scope="col">Size</th><th scope="col">SHA-256</th></tr></thead>
                  <tbody>
                    {version.files.map(({ name, size, sha256 }) => (
                      <tr key={name}><td>{name}</td><td>{fileSize(size)}</td><td><Copyable value={sha256} /></td></tr>
                    ))}
                  </tbody>
                </table>
              </div>
            ) : <p className="muted small">This node does not hold the manifest; its digest above is from the chain.</p>}
          </details>
        </li>
      ))}
    </ol>
  );
}
