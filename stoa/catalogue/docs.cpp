#include "stoa/catalogue/docs.hpp"

#include <string>
#include <vector>

#include "stoa/base/types.hpp"
#include "stoa/content/manifest.hpp"

namespace stoa::catalogue {
namespace {

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

}  // namespace

void refresh_doc(db::Session& session, std::uint64_t model) {
    session.run("DELETE FROM doc_text WHERE rowid = ?", model);
    const auto slug = session.first<std::string>("SELECT slug FROM model WHERE id = ?", model);
    if (!slug) {
        session.run("DELETE FROM doc WHERE model = ?", model);
        return;
    }
    const content::Manifest manifest = shown_manifest(session, model, *slug);
    const std::string tags = joined(manifest.tags);
    session.run(
        "INSERT INTO doc (model, title, summary, task, licence, tags, card, vector) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL) ON CONFLICT (model) DO UPDATE SET "
        "vector = CASE WHEN title = ?2 AND summary = ?3 AND tags = ?6 THEN vector END, "
        "title = ?2, summary = ?3, task = ?4, licence = ?5, tags = ?6, card = ?7",
        model, manifest.title, manifest.summary, manifest.task, manifest.licence, tags,
        manifest.card);
    session.run(
        "INSERT INTO doc_text (rowid, title, slug, summary, tags, card) VALUES (?, ?, ?, ?, ?, ?)",
        model, manifest.title, *slug, manifest.summary, tags + "\n" + manifest.task, manifest.card);
}

void refresh_docs(db::Session& session) {
    std::vector<std::uint64_t> models;
    for (auto rows = session.query("SELECT id FROM model UNION SELECT model FROM doc");
         rows.step();) {
        models.push_back(rows.get<std::uint64_t>(0));
    }
    for (const std::uint64_t model : models) refresh_doc(session, model);
}

void refresh_docs_of(db::Session& session, const Hash256& manifest) {
    std::vector<std::uint64_t> models;
    for (auto rows =
             session.query("SELECT DISTINCT model FROM version WHERE manifest = ?", manifest);
         rows.step();) {
        models.push_back(rows.get<std::uint64_t>(0));
    }
    for (const std::uint64_t model : models) refresh_doc(session, model);
}

}  // namespace stoa::catalogue
