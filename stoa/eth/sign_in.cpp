#include "stoa/eth/sign_in.hpp"

#include <algorithm>
#include <charconv>

#include "stoa/base/assert.hpp"

namespace stoa::eth {
namespace {

constexpr std::string_view kRequest = " wants you to sign in with your Ethereum account:";

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Characters of a URI (RFC 3986), percent-encoded ones included.
bool is_uri_char(char c) {
    return is_alphanumeric(c) ||
           std::string_view{"-._~:/?#[]@!$&'()*+,;=%"}.find(c) != std::string_view::npos;
}

bool is_scheme(std::string_view text) {
    const auto allowed = [](char c) {
        return is_alphanumeric(c) || c == '+' || c == '-' || c == '.';
    };
    return !text.empty() && std::ranges::all_of(text, allowed) &&
           !(text[0] >= '0' && text[0] <= '9') && is_alphanumeric(text[0]);
}

/// An absolute URI: a scheme and something behind it.
bool is_uri(std::string_view text) {
    const std::size_t colon = text.find(':');
    return colon != text.npos && colon + 1 < text.size() && is_scheme(text.substr(0, colon)) &&
           std::ranges::all_of(text, is_uri_char);
}

bool is_authority(std::string_view text) {
    const auto allowed = [](char c) { return is_uri_char(c) && c != '/' && c != '?' && c != '#'; };
    return !text.empty() && std::ranges::all_of(text, allowed);
}

bool is_nonce(std::string_view text) {
    return text.size() >= 8 && std::ranges::all_of(text, is_alphanumeric);
}

bool is_statement(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool is_request_id(std::string_view text) {
    const auto allowed = [](char c) {
        return is_uri_char(c) && c != '/' && c != '?' && c != '#' && c != '[' && c != ']';
    };
    return std::ranges::all_of(text, allowed);
}

std::optional<std::uint64_t> chain_id_in(std::string_view text) {
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size() || id == 0) return std::nullopt;
    if (text.front() == '0') return std::nullopt;
    return id;
}

/// Lines of the message from the front; a missing one fails all that follow.
class Lines {
  public:
    explicit Lines(std::string_view text) : rest_(text) {}

    /// The next line if it starts with `prefix`: what stands behind that.
    std::optional<std::string_view> take(std::string_view prefix) {
        if (done_ || !rest_.starts_with(prefix)) return std::nullopt;
        const std::size_t end = std::min(rest_.find('\n'), rest_.size());
        const std::string_view line = rest_.substr(prefix.size(), end - prefix.size());
        if (end < prefix.size()) return std::nullopt;
        done_ = end == rest_.size();
        rest_.remove_prefix(done_ ? end : end + 1);
        return line;
    }

    bool take_empty() {
        if (done_ || !rest_.starts_with('\n')) return false;
        rest_.remove_prefix(1);
        return true;
    }

    bool done() const { return done_; }

  private:
    std::string_view rest_;
    bool done_ = false;
};

bool read_origin(Lines& lines, SignInMessage& out) {
    const auto first = lines.take("");
    if (!first || !first->ends_with(kRequest)) return false;
    std::string_view origin = first->substr(0, first->size() - kRequest.size());
    if (const std::size_t end = origin.find("://"); end != origin.npos) {
        if (!is_scheme(origin.substr(0, end))) return false;
        out.scheme = origin.substr(0, end);
        origin.remove_prefix(end + 3);
    }
    if (!is_authority(origin)) return false;
    out.domain = origin;

    const auto account = lines.take("0x");
    if (!account) return false;
    const auto address = parse_address_any_case("0x" + std::string{*account});
    if (!address || to_checksum(*address).substr(2) != *account) return false;
    out.address = *address;
    return true;
}

/// An empty line, the statement and an empty line, or without a statement two empty lines.
bool read_statement(Lines& lines, SignInMessage& out) {
    if (!lines.take_empty()) return false;
    if (lines.take_empty()) return true;
    const auto statement = lines.take("");
    if (!statement || !is_statement(*statement)) return false;
    out.statement = *statement;
    return lines.take_empty();
}

bool read_time(std::optional<std::string_view> line, std::optional<UnixTime>& out) {
    if (!line) return true;
    const auto time = parse_rfc3339(*line);
    if (time) out = *time;
    return time.has_value();
}

bool read_required(Lines& lines, SignInMessage& out) {
    const auto uri = lines.take("URI: ");
    if (!uri || !is_uri(*uri)) return false;
    out.uri = *uri;
    if (lines.take("Version: ") != "1") return false;
    const auto chain_id = chain_id_in(lines.take("Chain ID: ").value_or("0"));
    if (!chain_id) return false;
    out.chain_id = *chain_id;
    const auto nonce = lines.take("Nonce: ");
    if (!nonce || !is_nonce(*nonce)) return false;
    out.nonce = *nonce;
    std::optional<UnixTime> issued;
    if (!read_time(lines.take("Issued At: ").value_or(""), issued)) return false;
    out.issued_at = *issued;
    return true;
}

bool read_optional(Lines& lines, SignInMessage& out) {
    if (!read_time(lines.take("Expiration Time: "), out.expires)) return false;
    if (!read_time(lines.take("Not Before: "), out.not_before)) return false;
    if (const auto id = lines.take("Request ID: ")) {
        if (!is_request_id(*id)) return false;
        out.request_id = *id;
    }
    if (const auto header = lines.take("Resources:")) {
        if (!header->empty()) return false;
        while (!lines.done()) {
            const auto resource = lines.take("- ");
            if (!resource || !is_uri(*resource)) return false;
            out.resources.emplace_back(*resource);
        }
    }
    return lines.done();
}

}  // namespace

Result<SignInMessage> parse_sign_in(std::string_view text) {
    if (text.size() > kMaxSignInBytes) return fail(EncodingError::too_large);
    SignInMessage out;
    Lines lines{text};
    const bool whole = read_origin(lines, out) && read_statement(lines, out) &&
                       read_required(lines, out) && read_optional(lines, out);
    if (!whole) return fail(EncodingError::bad_sign_in);
    return out;
}

std::string format_sign_in(const SignInMessage& message) {
    std::string text;
    if (message.scheme) text += *message.scheme + "://";
    text += message.domain;
    text += kRequest;
    text += '\n' + to_checksum(message.address) + "\n\n";
    if (message.statement) text += *message.statement + '\n';
    text += "\nURI: " + message.uri +
            "\nVersion: 1\nChain ID: " + std::to_string(message.chain_id) +
            "\nNonce: " + message.nonce + "\nIssued At: " + to_rfc3339(message.issued_at);
    if (message.expires) text += "\nExpiration Time: " + to_rfc3339(*message.expires);
    if (message.not_before) text += "\nNot Before: " + to_rfc3339(*message.not_before);
    if (message.request_id) text += "\nRequest ID: " + *message.request_id;
    if (!message.resources.empty()) text += "\nResources:";
    for (const std::string& resource : message.resources) text += "\n- " + resource;
    return text;
}

}  // namespace stoa::eth
