#include "stoa/gateway/page_routes.hpp"

#include <array>
#include <stdexcept>

namespace stoa::gateway {
namespace {

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kTypes{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".woff2", "font/woff2"},
    {".png", "image/png"},
    {".wasm", "application/wasm"},
    {".txt", "text/plain; charset=utf-8"},
}};

std::string_view type_of(const std::filesystem::path& file) {
    for (const auto& [extension, type] : kTypes) {
        if (file.extension() == extension) return type;
    }
    return "application/octet-stream";
}

/// Addresses that programs use: an unknown one is not a page.
bool is_reserved(std::string_view path) {
    for (const std::string_view first : {"/api/", "/v1/", "/v2/", "/m/", "/x402/", "/rpc/",
                                         "/discovery/", "/.well-known/", "/ipfs/", "/hf/"}) {
        if (path.starts_with(first)) return true;
    }
    return false;
}

bool looks_like_file(std::string_view path) {
    return path.substr(path.rfind('/') + 1).find('.') != std::string_view::npos;
}

}  // namespace

PageRoutes::PageRoutes(const std::filesystem::path& folder) : index_(folder / "index.html") {
    if (!std::filesystem::is_regular_file(index_)) {
        throw std::runtime_error("the dApp is not built: there is no " + index_.string());
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        files_["/" + entry.path().lexically_relative(folder).generic_string()] = entry.path();
    }
}

void PageRoutes::add_to(Router& router) {
    router.otherwise([this, &router](Request& request) { return serve(request, router.site()); });
}

Task<Answer> PageRoutes::serve(const Request& request, const Site& site) const {
    const auto file = files_.find(request.path);
    if (file == files_.end() && (is_reserved(request.path) || looks_like_file(request.path))) {
        co_return refuse(GatewayError::unknown_route);
    }
    if (!site.is_canonical(request.headers.get("host").value_or(""))) {
        io::Response moved(307);
        moved.headers.set("Location", site.url() + request.target);
        co_return moved;
    }
    const auto& path = file == files_.end() ? index_ : file->second;
    io::Response response(200, {}, io::FileBody{path});
    response.headers.set("Content-Type", std::string(type_of(path)));
    const bool immutable = request.path.starts_with("/assets/");
    response.headers.set("Cache-Control",
                         immutable ? "public, max-age=31536000, immutable" : "no-cache");
    response.headers.set("Content-Security-Policy", std::string(kPolicy));
    response.headers.set("Referrer-Policy", "no-referrer");
    response.headers.set("Cross-Origin-Opener-Policy", "same-origin");
    co_return response;
}

}  // namespace stoa::gateway
