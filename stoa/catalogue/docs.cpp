#include "stoa/catalogue/docs.hpp"

#include <algorithm>
#include <string>

#include "stoa/catalogue/sign_index.hpp"
#include "stoa/catalogue/word_index.hpp"

namespace stoa::catalogue {
namespace {

/// What of a card is searched: the beginning says what a model is.
constexpr std::size_t kCardBytes = 16 * 1024;

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) all += (all.empty() ? "" : "\n") + text;
    return all;
}

content::Manifest shown_manifest(db::Session& session, std::uint64_t model,
                                 const std::string& slug) {
    const auto bytes = session.first<ByteVector>(
        "SELECT m.bytes FROM version v JOIN manifest m ON m.digest = v.manifest "
        "WHERE v.model = ? ORDER BY v.status = 2, v.number DESC LIMIT 1",
        model);
    if (bytes) {
        if (auto manifest = content::parse_manifest(as_text(*bytes))) return std::move(*manifest);
    }
    content::Manifest bare;
    bare.title = slug;
    return bare;
}

std::int64_t next_revision(db::Session& session) {
    return session.first<std::int64_t>("SELECT coalesce(max(revision), 0) + 1 FROM shelf").value();
}

ByteVector listing_words(db::WordCutter& cutter, const content::Manifest& manifest,
                         const std::string& slug) {
    const std::string head = manifest.summary + "\n" + joined(manifest.tags) + "\n" +
                             manifest.task + "\n" + joined(manifest.domains);
    return words_of(cutter,
                    {manifest.title + "\n" + slug, head, manifest.card.substr(0, kCardBytes)});
}

void remove(db::Session& session, std::uint64_t model) {
    session.run("DELETE FROM doc WHERE model = ?", model);
    session.run("DELETE FROM vector WHERE model = ?", model);
    session.run(
        "UPDATE shelf SET gone = 1, words = x'', facets = '', signs = NULL, revision = ? "
        "WHERE model = ?",
        next_revision(session), model);
}

}  // namespace

Docs::Docs(const chain::Deployment& deployment, eth::Address own)
    : deployment_(deployment), own_(own) {}

void Docs::refresh(db::Session& session, UnixTime now) {
    std::vector<std::pair<std::uint64_t, bool>> models;
    for (auto rows = session.query("SELECT model, text FROM touched"); rows.step();) {
        models.emplace_back(rows.get<std::uint64_t>(0), rows.get<bool>(1));
    }
    if (models.empty()) return;
    session.run("DELETE FROM touched");
    for (const auto& [model, text] : models) {
        if (!session.first<int>("SELECT 1 FROM model WHERE id = ?", model)) {
            remove(session, model);
            continue;
        }
        if (text) refresh_text(session, model);
        refresh_facts(session, model, now);
    }
}

void Docs::refresh_text(db::Session& session, std::uint64_t model) {
    const auto slug =
        session.first<std::string>("SELECT slug FROM model WHERE id = ?", model).value();
    const content::Manifest manifest = shown_manifest(session, model, slug);
    const std::string tags = joined(manifest.tags);
    const auto same = session.first<int>(
        "SELECT 1 FROM doc WHERE model = ? AND title = ? AND summary = ? AND tags = ?", model,
        manifest.title, manifest.summary, tags);
    if (!same) session.run("DELETE FROM vector WHERE model = ?", model);
    session.run(
        "INSERT INTO doc (model, title, summary, task, licence, tags, card, facets, abilities, "
        "embedded) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0) ON CONFLICT (model) DO UPDATE "
        "SET embedded = CASE WHEN title = ?2 AND summary = ?3 AND tags = ?6 THEN embedded ELSE 0 "
        "END, title = ?2, summary = ?3, task = ?4, licence = ?5, tags = ?6, card = ?7, "
        "facets = ?8, abilities = ?9",
        model, manifest.title, manifest.summary, manifest.task, manifest.licence, tags,
        manifest.card, to_lines(values_of(manifest)), to_text(abilities_of(manifest)));
    session.run(
        "INSERT INTO shelf (model, revision, gone, created, sold, until, facets, words) "
        "VALUES (?1, 0, 0, 0, 0, 0, '', ?2) ON CONFLICT (model) DO UPDATE SET gone = 0, "
        "words = ?2, signs = CASE WHEN ?3 THEN signs END",
        model, Bytes(listing_words(cutter_, manifest, slug)), same.has_value());
}

void Docs::refresh_facts(db::Session& session, std::uint64_t model, UnixTime now) {
    const auto facts = facts_of(session, model, deployment_, own_, now);
    if (!facts) return;
    session.run(
        "UPDATE shelf SET revision = ?, created = ?, sold = ?, price = ?, until = ?, facets = ? "
        "WHERE model = ?",
        next_revision(session), facts->created, facts->sold, facts->price, facts->until,
        to_lines(facts->values), model);
}

void Docs::touch(db::Session& session, const Hash256& manifest) {
    session.run(
        "INSERT OR REPLACE INTO touched (model, text) SELECT DISTINCT model, 1 FROM version "
        "WHERE manifest = ?",
        manifest);
}

void Docs::set_vector(db::Session& session, std::uint64_t model, const std::vector<float>& vector) {
    const Bytes bytes{reinterpret_cast<const std::uint8_t*>(vector.data()),
                      vector.size() * sizeof(float)};
    if (session.run("UPDATE doc SET embedded = 1 WHERE model = ?", model) == 0) return;
    session.run("INSERT OR REPLACE INTO vector (model, bytes) VALUES (?, ?)", model, bytes);
    session.run("UPDATE shelf SET signs = ?, revision = ? WHERE model = ?", Bytes(signs_of(vector)),
                next_revision(session), model);
}

void Docs::forget_vectors(db::Session& session) {
    session.script("UPDATE doc SET embedded = 0 WHERE embedded <> 0; DELETE FROM vector;");
    session.run("UPDATE shelf SET signs = NULL, revision = ? WHERE signs IS NOT NULL",
                next_revision(session));
}

void Docs::remove_all(db::Session& session) {
    session.script("DELETE FROM doc; DELETE FROM vector; DELETE FROM touched;");
    session.run(
        "UPDATE shelf SET gone = 1, words = x'', facets = '', signs = NULL, revision = ? "
        "WHERE NOT gone",
        next_revision(session));
}

}  // namespace stoa::catalogue
