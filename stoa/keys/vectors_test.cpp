#include "stoa/keys/vectors_test.hpp"

#include <zlib.h>

#include <memory>
#include <stdexcept>

namespace stoa::keys {

boost::json::array ethers_vectors(const std::string& name) {
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

}  // namespace stoa::keys
