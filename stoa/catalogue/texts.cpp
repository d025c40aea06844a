#include "stoa/catalogue/catalogue.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::catalogue {
namespace {

std::optional<std::string> stored(db::Session& session, std::string_view sql,
                                  const Hash256& digest) {
    const auto bytes = session.first<ByteVector>(sql, digest);
    if (!bytes) return std::nullopt;
    return std::string(as_text(*bytes));
}

}  // namespace

Task<Result<void>> Catalogue::put_manifest(Hash256 digest, std::string bytes) {
    if (eth::keccak256(bytes) != digest) co_return fail(CatalogueError::digest_mismatch);
    if (const auto manifest = content::parse_manifest(bytes); !manifest) {
        co_return fail(manifest.error());
    }
    co_return co_await database_.write([&](db::Session& session) -> Result<void> {
        if (!session.first<int>("SELECT 1 FROM version WHERE manifest = ? LIMIT 1", digest)) {
            return fail(CatalogueError::manifest_not_listed);
        }
        session.run("INSERT OR IGNORE INTO manifest (digest, bytes) VALUES (?, ?)", digest,
                    as_bytes(bytes));
        Docs::touch(session, digest);
        docs_.refresh(session, unix_time(time_));
        return {};
    });
}

Task<std::optional<std::string>> Catalogue::manifest(Hash256 digest) {
    co_return co_await database_.read([&](db::Session& session) {
        return stored(session, "SELECT bytes FROM manifest WHERE digest = ?", digest);
    });
}

Task<Result<void>> Catalogue::put_terms(Hash256 digest, std::string text) {
    if (eth::keccak256(text) != digest) co_return fail(CatalogueError::digest_mismatch);
    if (text.size() > kMaxTermsBytes) co_return fail(CatalogueError::bad_text);
    co_return co_await database_.write([&](db::Session& session) -> Result<void> {
        if (!session.first<int>("SELECT 1 FROM offer WHERE terms = ? LIMIT 1", digest)) {
            return fail(CatalogueError::terms_not_listed);
        }
        session.run("INSERT OR IGNORE INTO terms (digest, bytes) VALUES (?, ?)", digest,
                    as_bytes(text));
        return {};
    });
}

Task<std::optional<std::string>> Catalogue::terms(Hash256 digest) {
    co_return co_await database_.read([&](db::Session& session) {
        return stored(session, "SELECT bytes FROM terms WHERE digest = ?", digest);
    });
}

}  // namespace stoa::catalogue
