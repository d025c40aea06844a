#include "stoa/client/commands.hpp"
#include "stoa/client/units.hpp"

namespace stoa::client {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

/// The data folder is the node's own, or one inside it.
fs::path find_socket(const Context& context, const ClaimOptions& options) {
    if (!options.socket.empty()) return options.socket;
    const fs::path data = fs::absolute(context.data).lexically_normal();
    for (const fs::path& folder : {data, data.parent_path(), fs::current_path() / "data"}) {
        const fs::path socket = folder / "run" / "admin.sock";
        if (fs::exists(socket)) return socket;
    }
    throw Failure("no_admin_socket", "There is no node's admin socket in " + data.string() + '.',
                  "Run it on the node's machine, with --data of the node or --socket PATH.");
}

}  // namespace

Task<void> claim(Context& context, const ClaimOptions& options) {
    const fs::path socket = find_socket(context, options);
    io::ClientRequest request;
    request.method = io::Method::post;
    request.url = io::unix_url(socket, "/claim");
    request.deadline = std::chrono::seconds(120);
    io::ClientResponse response;
    try {
        response = co_await context.node.http().send(std::move(request));
    } catch (const io::HttpFailure& failure) {
        throw Failure("unreachable",
                      "No answer at " + socket.string() + ": " + failure.what() + '.',
                      "Is the node running, and are you its user?");
    }
    if (response.status / 100 != 2) throw failure_of(response.status, response.body);
    const json::value answer = parse_answer(response.body);
    const Deployment& deployment = *co_await context.node.deployment();
    const TokenInfo& token = deployment.token(std::string_view{});
    const auto text_of = [&](const char* key) {
        const auto amount = parse_amount(answer.at(key).as_string()).value_or(Amount{});
        return format_units(amount, token.decimals);
    };
    context.out.result(answer, text_of("claimed") + " claimed and " + text_of("settled") +
                                   " paid out, in " + token.symbol + " units");
}

}  // namespace stoa::client
