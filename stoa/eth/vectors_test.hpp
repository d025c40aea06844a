#pragma once

#include <zlib.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>

#include <boost/json.hpp>

#include "stoa/base/hex.hpp"

namespace stoa::eth {

/// A file of npm's @ethersproject/testcases, which `npm ci` in test/ brings; throws without it.
inline boost::json::array published_vectors(const std::string& name) {
    const std::string path = STOA_SOURCE_DIR
                             "/test/node_modules/@ethersproject/testcases/testcases/" +
                             name + ".json.gz";
    const std::unique_ptr<gzFile_s, decltype(&gzclose)> file(gzopen(path.c_str(), "rb"), gzclose);
    if (!file) throw std::runtime_error(path + " is missing: npm ci in test/");
    std::string text;
    std::array<char, 65536> part;
    int size = 0;
    while ((size = gzread(file.get(), part.data(), part.size())) > 0) {
        text.append(part.data(), static_cast<std::size_t>(size));
    }
    return boost::json::parse(text).as_array();
}

inline ByteVector bytes_of(const boost::json::value& hex) {
    return parse_hex(std::string_view{hex.as_string()}, 1 << 20).value();
}

inline std::string_view text_of(const boost::json::value& text) {
    return text.as_string();
}

}  // namespace stoa::eth
