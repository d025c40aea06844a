#include <fstream>
#include <map>
#include <sstream>

#include "stoa/base/hex.hpp"
#include "stoa/engines/serve.hpp"
#include "stoa/inference/model_file.hpp"

namespace stoa::engines {

namespace {

// The last field of a line of /proc/self/maps, where executable bytes of a file are mapped.
std::string executable_of(const std::string& line) {
    std::istringstream fields(line);
    std::string range, rights, offset, device, inode, path;
    fields >> range >> rights >> offset >> device >> inode >> path;
    return rights.find('x') != std::string::npos && path.starts_with('/') ? path : "";
}

bool is_ours(const std::string& name) {
    return name.starts_with("libllama") || name.starts_with("libggml") ||
           name.starts_with("libonnxruntime") || !name.starts_with("lib");
}

}  // namespace

Hash256 digest_of_engine() {
    std::map<std::string, std::string> digests;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        const std::string path = executable_of(line);
        const std::string name = path.substr(path.rfind('/') + 1);
        if (path.empty() || !is_ours(name) || name.starts_with("ld-")) continue;
        if (!digests.contains(name)) {
            digests[name] = to_hex_digits(inference::sha256_of_file(path).bytes);
        }
    }
    std::string list;
    for (const auto& [name, digest] : digests) list.append(digest + "  " + name + "\n");
    return inference::sha256(as_bytes(list));
}

}  // namespace stoa::engines
