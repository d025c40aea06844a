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
    std::string role;  ///< `weights`, `modelCard` …
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
    std::string licence;  ///< SPDX expression of the card; empty: none is named.
    std::string card;     ///< Markdown; empty where the card is a file of its own.
    std::vector<ManifestFile> files;
    std::vector<ManifestPayee> payees;
};

/// A listing is a JSON object of type `ModelListing` with a name: bad_json, bad_manifest,
/// too_large.
Result<Manifest> parse_manifest(std::string_view);

}  // namespace stoa::content
