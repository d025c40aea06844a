#include "stoa/inference/utf8.hpp"

namespace stoa::inference {

namespace {

struct Lead {
    std::size_t length = 0;  // 0: no character begins so
    unsigned char first_low = 0x80;
    unsigned char first_high = 0xBF;
};

Lead lead_of(unsigned char byte) {
    if (byte < 0x80) return {1};
    if (byte < 0xC2) return {};
    if (byte < 0xE0) return {2};
    if (byte == 0xE0) return {3, 0xA0, 0xBF};
    if (byte == 0xED) return {3, 0x80, 0x9F};  // no surrogates
    if (byte < 0xF0) return {3};
    if (byte == 0xF0) return {4, 0x90, 0xBF};
    if (byte < 0xF4) return {4};
    if (byte == 0xF4) return {4, 0x80, 0x8F};
    return {};
}

}  // namespace

Utf8Head utf8_head(std::string_view text) {
    const Lead lead = lead_of(static_cast<unsigned char>(text[0]));
    if (lead.length == 0) return {1, false, false};
    for (std::size_t i = 1; i < lead.length; ++i) {
        if (i == text.size()) return {i, false, true};
        const auto byte = static_cast<unsigned char>(text[i]);
        const unsigned char low = i == 1 ? lead.first_low : 0x80;
        const unsigned char high = i == 1 ? lead.first_high : 0xBF;
        if (byte < low || byte > high) return {i, false, false};
    }
    return {lead.length, true, false};
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const Utf8Head head = utf8_head(text);
        if (!head.valid) return false;
        text.remove_prefix(head.length);
    }
    return true;
}

}  // namespace stoa::inference
