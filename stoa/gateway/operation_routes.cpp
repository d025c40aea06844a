#include "stoa/gateway/operation_routes.hpp"

namespace stoa::gateway {
namespace {

namespace json = boost::json;

std::string escaped(std::string_view text) {
    std::string html;
    for (const char c : text) {
        switch (c) {
            case '<': html += "&lt;"; break;
            case '>': html += "&gt;"; break;
            case '&': html += "&amp;"; break;
            case '"': html += "&quot;"; break;
            default: html += c;
        }
    }
    return html;
}

constexpr std::string_view kHead =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\"><title>Stoa: the node's API</title>"
    "<link rel=\"stylesheet\" href=\"/docs/style.css\"><h1>The node's API</h1>"
    "<p>The whole document, with every shape: <a href=\"/openapi.json\">openapi.json</a>.</p>";

constexpr std::string_view kStyle =
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;"
    "margin:2rem auto;padding:0 1rem}code{font-size:.95em}dt{margin-top:.75rem}"
    "b{display:inline-block;min-width:4.5rem}dd{margin-left:0}";

std::string operation_row(std::string_view method, std::string_view path,
                          const json::object& operation) {
    std::string verb;
    for (const char c : method) verb += static_cast<char>(c - 'a' + 'A');
    std::string row = "<dt><b>" + verb + "</b> <code>" + escaped(path) + "</code></dt><dd>";
    if (const auto* summary = operation.if_contains("summary")) {
        row += escaped(summary->as_string());
    }
    return row + "</dd>";
}

bool has_tag(const json::object& operation, std::string_view tag) {
    const auto* tags = operation.if_contains("tags");
    if (!tags) return false;
    for (const auto& each : tags->as_array()) {
        if (each.as_string() == tag) return true;
    }
    return false;
}

/// Nothing but the page's own style sheet.
void set_policy(io::Response& response) {
    response.headers.set("Content-Security-Policy",
                         "default-src 'none'; style-src 'self'; frame-ancestors 'none'");
}

}  // namespace

std::string docs_page(const json::object& openapi) {
    std::string page(kHead);
    for (const auto& tag : openapi.at("tags").as_array()) {
        const std::string_view name = tag.at("name").as_string();
        page += "<h2>" + escaped(name) + "</h2><dl>";
        for (const auto& [path, item] : openapi.at("paths").as_object()) {
            for (const auto& [method, operation] : item.as_object()) {
                if (!operation.is_object() || !has_tag(operation.as_object(), name)) continue;
                page += operation_row(method, path, operation.as_object());
            }
        }
        page += "</dl>";
    }
    return page;
}

OperationRoutes::OperationRoutes(io::Metrics& metrics, std::function<Readiness()> readiness,
                                 json::object well_known, std::string openapi)
    : metrics_(metrics),
      readiness_(std::move(readiness)),
      well_known_(std::move(well_known)),
      openapi_(std::make_shared<const std::string>(std::move(openapi))),
      docs_page_(
          std::make_shared<const std::string>(docs_page(json::parse(*openapi_).as_object()))) {}

void OperationRoutes::add_to(Router& router) {
    router.add("GET", "/healthz",
               [](Request&) -> Task<Answer> { co_return io::text_response(200, "alive\n"); });
    router.add("GET", "/readyz", [this](Request&) -> Task<Answer> {
        const auto readiness = readiness_();
        json::object body = readiness.parts;
        body["ready"] = readiness.ready;
        co_return io::json_response(readiness.ready ? 200 : 503, json::serialize(body));
    });
    router.add("GET", "/metrics", [this](Request&) -> Task<Answer> {
        measure_();
        co_return io::text_response(200, metrics_.text(), "text/plain; version=0.0.4");
    });
    router.add("GET", "/.well-known/stoa", [this](Request&) -> Task<Answer> {
        co_return io::json_response(200, json::serialize(well_known_));
    });
    router.add("GET", "/openapi.json", [this](Request&) -> Task<Answer> {
        io::Response response(200, {}, openapi_);
        response.headers.set("Content-Type", "application/json");
        response.headers.set("Access-Control-Allow-Origin", "*");
        co_return response;
    });
    router.add("GET", "/docs", [this](Request&) -> Task<Answer> {
        io::Response response(200, {}, docs_page_);
        response.headers.set("Content-Type", "text/html; charset=utf-8");
        set_policy(response);
        co_return response;
    });
    router.add("GET", "/docs/style.css", [](Request&) -> Task<Answer> {
        co_return io::text_response(200, std::string(kStyle), "text/css; charset=utf-8");
    });
}

}  // namespace stoa::gateway
