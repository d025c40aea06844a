#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stoa/content/cid.hpp"

namespace stoa::content {

inline constexpr std::size_t kMaxManifestBytes = 256 * 1024;

struct ManifestFile {
    std::string name;  ///< Its path within the listing, with `/`.
    std::uint64_t size = 0;
    std::optional<Hash256> sha256;
    std::optional<Cid> cid;
    std::string role;    ///< `weights`, `modelCard` …
    std::string format;  ///< `gguf`, `onnx`, `safetensors` …; empty: not said.
};

/// What a model can do, in the words of ModelPack (`config`) and ours. What a manifest doesn't say
/// is empty: it's unknown, not absent.
struct ModelAbilities {
    std::vector<std::string> offers;     ///< `chat`, `completion`, `embedding`, `tensors` …
    std::vector<std::string> inputs;     ///< `text`, `image`, `audio`, `video` …
    std::vector<std::string> outputs;    ///< The same.
    std::vector<std::string> languages;  ///< BCP 47, in lower case.
    std::optional<bool> tools;
    std::optional<bool> reasoning;
    std::uint64_t context = 0;  ///< Tokens.
    std::string quantisation;
    std::string precision;
    std::string parameters;  ///< `1.1B`.
    std::string architecture;
};

/// What the creator says of one who is paid; who is paid, and how much, says the chain.
struct ManifestPayee {
    std::string account;  ///< An address, in any case of letters; not checked.
    std::string role;     ///< `author`, `data provider` …
};

/// What of a listing's manifest (docs/reference/manifest.md) a catalogue reads. Text is cut to the
/// limits of the fields, never refused for its length: the manifest on chain can't be changed.
struct Manifest {
    std::string name;
    std::string title;    ///< `name` where there is none.
    std::string summary;  ///< The member `description`.
    std::string version;
    std::string task;
    std::vector<std::string> tags;
    std::vector<std::string> domains;  ///< `medical`, `finance` …: what it is for.
    ModelAbilities abilities;
    std::string licence;  ///< SPDX expression of the card; empty: none is named.
    std::string card;     ///< Markdown; empty where the card is a file of its own.
    std::vector<ManifestFile> files;
    std::vector<ManifestPayee> payees;

    /// Of the files of role `weights`; 0: not said.
    std::uint64_t weights_bytes() const;
    /// Theirs, each once.
    std::vector<std::string> formats() const;
};

/// A listing is a JSON object of type `ModelListing` with a name: bad_json, bad_manifest,
/// too_large.
Result<Manifest> parse_manifest(std::string_view);

}  // namespace stoa::content
