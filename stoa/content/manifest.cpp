#include "stoa/content/manifest.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/content/canonical_json.hpp"

namespace stoa::content {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxLine = 200;
constexpr std::size_t kMaxWord = 40;
constexpr std::size_t kMaxSummary = 1'000;
constexpr std::size_t kMaxCard = kMaxManifestBytes;
constexpr std::size_t kMaxTags = 32;
constexpr std::size_t kMaxFiles = 1'000;
constexpr std::size_t kMaxPayees = 32;
constexpr std::size_t kMaxRole = 40;
constexpr std::size_t kAddressChars = 42;

const json::value* at(const json::object* object, std::string_view name) {
    return object ? object->if_contains(name) : nullptr;
}

const json::object* object_at(const json::object* object, std::string_view name) {
    const json::value* value = at(object, name);
    return value ? value->if_object() : nullptr;
}

const json::array* array_at(const json::object* object, std::string_view name) {
    const json::value* value = at(object, name);
    return value ? value->if_array() : nullptr;
}

/// At most `limit` bytes, cut between characters.
std::string cut(std::string_view text, std::size_t limit) {
    if (text.size() > limit) {
        while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
        text = text.substr(0, limit);
    }
    return std::string(text);
}

std::string text_at(const json::object* object, std::string_view name, std::size_t limit) {
    const json::value* value = at(object, name);
    return value && value->is_string() ? cut(value->get_string(), limit) : std::string{};
}

std::vector<std::string> texts_at(const json::object* object, std::string_view name) {
    std::vector<std::string> texts;
    if (const json::array* list = array_at(object, name)) {
        for (const auto& item : *list) {
            if (item.is_string() && texts.size() < kMaxTags) {
                texts.push_back(cut(item.get_string(), kMaxLine));
            }
        }
    }
    return texts;
}

std::string lower(std::string text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

/// Words that are compared and counted: short, in lower case, each once.
std::vector<std::string> words_at(const json::object* object, std::string_view name) {
    std::vector<std::string> words;
    for (std::string& text : texts_at(object, name)) {
        std::string word = lower(cut(text, kMaxWord));
        if (!word.empty() && std::ranges::find(words, word) == words.end()) {
            words.push_back(std::move(word));
        }
    }
    return words;
}

std::optional<bool> truth_at(const json::object* object, std::string_view name) {
    const json::value* value = at(object, name);
    if (!value || !value->is_bool()) return std::nullopt;
    return value->get_bool();
}

ModelAbilities abilities_of(const json::object* properties) {
    const json::object* config = object_at(object_at(properties, "model"), "config");
    const json::object* able = object_at(config, "capabilities");
    ModelAbilities it;
    it.offers = words_at(properties, "capabilities");
    it.inputs = words_at(able, "inputTypes");
    it.outputs = words_at(able, "outputTypes");
    it.languages = words_at(able, "languages");
    it.tools = truth_at(able, "toolUsage");
    it.reasoning = truth_at(able, "reasoning");
    const json::value* context = at(properties, "contextLength");
    if (context && context->is_int64() && context->get_int64() > 0) {
        it.context = static_cast<std::uint64_t>(context->get_int64());
    }
    it.quantisation = text_at(config, "quantization", kMaxWord);
    it.precision = text_at(config, "precision", kMaxWord);
    it.parameters = text_at(config, "paramSize", kMaxWord);
    it.architecture = text_at(config, "architecture", kMaxWord);
    return it;
}

std::optional<ManifestFile> file_of(const json::value& value) {
    const json::object* object = value.if_object();
    ManifestFile file;
    file.name = text_at(object, "path", kMaxLine);
    file.role = text_at(object, "role", kMaxLine);
    file.format = lower(text_at(object, "format", kMaxWord));
    if (file.name.empty()) return std::nullopt;
    if (const json::value* size = at(object, "size"); size && size->is_int64()) {
        file.size = static_cast<std::uint64_t>(std::max<std::int64_t>(size->get_int64(), 0));
    }
    Hash256 digest;
    if (parse_hex_digits_into(text_at(object, "sha256", 64), digest.bytes)) file.sha256 = digest;
    if (const auto cid = parse_cid(text_at(object, "cid", kMaxLine))) file.cid = *cid;
    return file;
}

std::vector<ManifestPayee> payees_of(const json::object* properties) {
    std::vector<ManifestPayee> payees;
    const json::array* list = array_at(properties, "payees");
    if (!list) return payees;
    for (const auto& item : *list) {
        ManifestPayee payee;
        payee.account = text_at(item.if_object(), "account", kAddressChars);
        payee.role = text_at(item.if_object(), "role", kMaxRole);
        if (payee.account.empty() || payee.role.empty()) continue;
        if (payees.size() < kMaxPayees) payees.push_back(std::move(payee));
    }
    return payees;
}

std::string licence_of(const json::object* properties) {
    if (auto text = text_at(properties, "license", kMaxLine); !text.empty()) return text;
    const json::object* model = object_at(properties, "model");
    const auto all = texts_at(object_at(model, "descriptor"), "licenses");
    return all.empty() ? std::string{} : all.front();
}

}  // namespace

std::uint64_t Manifest::weights_bytes() const {
    std::uint64_t sum = 0;
    for (const ManifestFile& file : files) {
        if (file.role == "weights") sum += std::min(file.size, UINT64_MAX - sum);
    }
    return sum;
}

std::vector<std::string> Manifest::formats() const {
    std::vector<std::string> all;
    for (const ManifestFile& file : files) {
        const bool is_new = std::ranges::find(all, file.format) == all.end();
        if (file.role == "weights" && !file.format.empty() && is_new) all.push_back(file.format);
    }
    return all;
}

Result<Manifest> parse_manifest(std::string_view text) {
    if (text.size() > kMaxManifestBytes) return fail(ContentError::too_large);
    STOA_TRY(const json::value document, parse_json(text));
    const json::object* root = document.if_object();
    if (text_at(root, "type", kMaxLine) != "ModelListing") return fail(ContentError::bad_manifest);
    const json::object* properties = object_at(root, "properties");

    Manifest manifest;
    manifest.name = text_at(root, "name", kMaxLine);
    if (manifest.name.empty()) return fail(ContentError::bad_manifest);
    manifest.title = text_at(properties, "title", kMaxLine);
    if (manifest.title.empty()) manifest.title = manifest.name;
    manifest.summary = text_at(root, "description", kMaxSummary);
    manifest.version = text_at(properties, "version", kMaxLine);
    manifest.task = text_at(properties, "task", kMaxLine);
    manifest.tags = texts_at(properties, "tags");
    manifest.domains = words_at(properties, "domains");
    manifest.abilities = abilities_of(properties);
    manifest.licence = licence_of(properties);
    manifest.card = text_at(properties, "card", kMaxCard);
    if (const json::array* artifacts = array_at(properties, "artifacts")) {
        for (const auto& item : *artifacts) {
            if (manifest.files.size() == kMaxFiles) break;
            if (auto file = file_of(item)) manifest.files.push_back(std::move(*file));
        }
    }
    manifest.payees = payees_of(properties);
    return manifest;
}

}  // namespace stoa::content
